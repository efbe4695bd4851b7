"""Jobs of the app: the queue of uploaded files, and the worker process that scores one."""
