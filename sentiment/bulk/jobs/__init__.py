"""Jobs of the app: uploaded files in a queue, each scored by a worker process that outlives the page and the server.

==============  ===================================================================================
``job``         one job: its folder, its state, and what its owner can ask for
``creation``    creates a job from an upload
``answers``     labels that the owner gives to rows of a scored file
``maintenance`` the queue: deletes expired jobs, starts waiting ones and resumes interrupted ones
``launcher``    starts a worker process, and records the end of one that could not do so itself
``worker``      the worker process: inspects, scores, writes a download or computes states
``limits``      limits on memory, time and disk
``locks``       file locks
``sharing``     refuses a folder that hosts share out of the reach of each other's locks
``processes``   identifies and kills a worker, and never another process
``journal``     events of the workers, until a server copies them to its log
==============  ===================================================================================

A job resumes in three steps. ``maintenance.run_maintenance`` finds a job without a worker that has work left.
``launcher`` starts a worker for it. ``worker`` scores only the parts that are missing.
"""
