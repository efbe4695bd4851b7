"""A deep teacher computes what its paper says, learns, keeps what it has read, and goes on where it was broken off."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import shutil
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.training
tf = pytest.importorskip("tensorflow")

from sentiment.presets import DEEP  # noqa: E402
from sentiment.training import deep_teacher, language_model, steps  # noqa: E402
from sentiment.training.deep_teacher import DeepTeacher, logits  # noqa: E402
from sentiment.training.examples import Examples  # noqa: E402
from sentiment.training.fit import OtherSettingsError  # noqa: E402
from sentiment.training.gated import DeepReader, GatedLayer, channel_dropout, gated_states  # noqa: E402
from sentiment.training.teachers import soft_targets  # noqa: E402
from tests.breaking import broken_off, interrupted  # noqa: E402

SIZE, GOOD, BAD = 14, 12, 13
TINY = dataclasses.replace(
    DEEP, embedding_size=6, units=5, layers=2, batch_size=16, epochs=6, learning_rate=0.02, crop_rate=0.0,
    language_model_steps=30, language_model_dropout=0.1, rounds=2, dropout=0.0, embedding_dropout=0.0,
    layer_dropout=0.0, unknown_rate=0.0,
)  # fmt: skip


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def by_the_paper(candidate, forget, output, below):
    """Lei et al. 2018, equations 1 to 4 without the state in the gates, a step at a time."""
    state, states = np.zeros_like(candidate[0]), []
    for z, f, o, x in zip(candidate, sigmoid(forget), sigmoid(output), below, strict=True):
        state = f * state + (1 - f) * z
        states.append(o * state + (1 - o) * x)
    return np.array(states)


@pytest.fixture
def inputs():
    """Candidate, forget, output and what lies below, [time, batch, units], in numbers that bfloat16 holds."""
    return np.random.default_rng(4).integers(-8, 9, (4, 5, 2, 3)) / 4


def test_the_states_of_a_gated_layer_are_those_of_the_paper(inputs):
    states = gated_states(*(tf.cast(x, tf.bfloat16) for x in inputs))
    np.testing.assert_allclose(np.float32(states), by_the_paper(*inputs), atol=0.02)


def test_the_gradients_of_a_gated_layer_are_those_of_small_differences(inputs):
    weights = np.random.default_rng(5).integers(-4, 5, inputs[0].shape) / 4

    @tf.function
    def gradients(*given):
        with tf.GradientTape() as tape:
            tape.watch(given)
            total = tf.reduce_sum(tf.cast(gated_states(*given), tf.float32) * weights)
        return tape.gradient(total, given)

    for which, gradient in enumerate(gradients(*(tf.cast(x, tf.bfloat16) for x in inputs))):
        for place in np.ndindex(inputs[0].shape):
            step = np.zeros_like(inputs)
            step[which][place] = 1e-5
            slope = ((by_the_paper(*(inputs + step)) - by_the_paper(*(inputs - step))) * weights).sum() / 2e-5
            assert float(gradient[place]) == pytest.approx(slope, abs=0.02)


def test_a_step_of_a_layer_sees_its_own_input_and_those_before_it_only():
    layer = GatedLayer(4, window=2)
    below = np.random.default_rng(6).normal(size=(6, 1, 3)).astype("f4")
    changed = below.copy()
    changed[3] += 1
    before, after = (np.float32(layer(tf.cast(x, tf.bfloat16))) for x in (below, changed))
    np.testing.assert_array_equal(before[:3], after[:3])
    assert (before[3:] != after[3:]).any(axis=(1, 2)).all()


def test_a_review_is_read_the_same_alone_and_among_longer_ones():
    reader = DeepReader(TINY, SIZE)
    rng = np.random.default_rng(7)
    reviews = [rng.integers(2, SIZE, length).astype("i4") for length in (3, 40, 1, 90)]
    together = logits(reader, reviews)
    alone = [logits(reader, [review])[0] for review in reviews]
    np.testing.assert_allclose(together, alone, atol=1e-3)
    assert len(set(together.tolist())) == len(reviews)


def test_channels_are_dropped_of_a_whole_text_and_the_others_make_up_for_it():
    dropped = np.float32(channel_dropout(0.5)(tf.ones((7, 3, 40), tf.bfloat16), training=True))
    assert (dropped == dropped[:1]).all()  # at all steps alike
    assert set(np.unique(dropped)) == {0.0, 2.0}
    assert (dropped[:, 0] != dropped[:, 1]).any()


@pytest.mark.parametrize("rate", ["embedding_dropout", "layer_dropout", "dropout"])
def test_each_dropout_is_at_work_in_training_and_there_alone(rate):
    reader = DeepReader(dataclasses.replace(TINY, **{rate: 0.5}), SIZE)
    ids = tf.constant(np.random.default_rng(8).integers(2, SIZE, (4, 9)).astype("i4"))
    once, again = (reader.logits(ids, training=True).numpy() for _ in range(2))
    assert (once != again).any()  # of one text, now and then the same channels are drawn twice
    np.testing.assert_array_equal(reader.logits(ids), reader.logits(ids))


@pytest.fixture(scope="module")
def small():
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"_LENGTH": 16, "_BATCH": 8, "_NEGATIVES": 6}.items():
            patch.setattr(language_model, name, value)
        patch.setattr(steps, "_EVERY", 10)
        yield


def examples(count, seed):
    """One of two words, at any place among others, says it."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    ids = [rng.integers(2, GOOD, rng.integers(4, 12)).astype("i4") for _ in range(count)]
    for review, label in zip(ids, labels, strict=True):
        review[rng.integers(len(review))] = GOOD if label else BAD
    return Examples(ids, labels.astype("f4"))


TAUGHT, UNSEEN = examples(100, seed=2), examples(100, seed=3)


def n_gram_like(given):
    """Logits that are right about four examples in five."""
    return np.where(given.targets > 0.5, 2.0, -2.0) * np.where(np.arange(len(given.ids)) % 5, 1, -1)


def teacher(folder, preset=TINY, labelled=0, held_out=1, taught=TAUGHT, taught_by=("one run",), seed=1):
    return DeepTeacher(
        preset,
        examples(300, labelled),
        examples(60, held_out),
        taught,
        (n_gram_like(taught), n_gram_like(examples(60, held_out))),
        taught_by=taught_by,
        vocabulary_size=SIZE,
        sentence_ends=[],
        folder=folder,
        seed=seed,
    )


@dataclasses.dataclass(frozen=True)
class Unbroken:
    """A teacher that was trained in one go.

    Attributes:
        folder: where it is kept; a test that writes copies it.
        begun: of each round, the weights it began with and what it taught in turn.
        read: the logits of UNSEEN.
    """

    folder: Path
    begun: list
    read: np.ndarray

    def copy(self, folder):
        return shutil.copytree(self.folder, folder, dirs_exist_ok=True)


@pytest.fixture(scope="module")
def unbroken(small, tmp_path_factory):
    begun, fitted = [], deep_teacher.fit

    def noting(preset, reader, *given, in_turn, **options):
        begun.append(([weights.numpy() for weights in reader.weights], in_turn.targets))
        return fitted(preset, reader, *given, in_turn=in_turn, **options)

    folder = tmp_path_factory.mktemp("teachers") / "unbroken"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deep_teacher, "fit", noting)
        read = teacher(folder).read("unseen", UNSEEN.ids)
    return Unbroken(folder, begun, read)


def after(times, function):
    """The function, until Ctrl-C on the call after so many."""
    calls = itertools.count()

    def breaking(*given):
        return function(*given) if next(calls) < times else interrupted()

    return breaking


def test_a_teacher_learns_and_keeps_what_it_has_read(unbroken, tmp_path, monkeypatch):
    read = unbroken.read
    assert ((read > 0) == UNSEEN.targets).mean() > 0.9
    monkeypatch.setattr(deep_teacher, "fit", lambda *_, **__: pytest.fail("trained again"))
    folder = unbroken.copy(tmp_path)
    more = teacher(folder).read("under another name", UNSEEN.ids)
    np.testing.assert_allclose(more, read, atol=1e-5)
    np.testing.assert_allclose(teacher(folder).read("unseen", UNSEEN.ids[:50]), read[:50], atol=1e-5)
    unbroken.copy(folder)
    monkeypatch.setattr(deep_teacher, "logits", lambda *_: pytest.fail("read again"))
    np.testing.assert_array_equal(teacher(folder).read("unseen", UNSEEN.ids), read)


@pytest.mark.parametrize("breaks", ["language model", "first round", "reading", "second round"])
def test_broken_off_anywhere_a_teacher_goes_on_and_ends_where_an_unbroken_one_ends(
    breaks, unbroken, tmp_path, monkeypatch
):
    folder = tmp_path / "broken"
    if breaks == "second round":
        teacher(folder).targets(1)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        if breaks == "language model":
            patch.setattr(steps._Log, "write", after(2, steps._Log.write))
        elif breaks == "reading":
            patch.setattr(deep_teacher, "logits", interrupted)
        with broken_off(patch) if breaks.endswith("round") else contextlib.nullcontext():
            teacher(folder).read("unseen", UNSEEN.ids)
    begun = {path: path.read_text() for path in folder.rglob("*.csv") if path.name != "steps.csv"}
    histories = sum(path.name == "history.csv" for path in begun)
    assert histories == {"language model": 0, "first round": 1, "reading": 1, "second round": 2}[breaks]
    monkeypatch.setattr(deep_teacher, "skipgram", lambda *_, **__: pytest.fail("learnt again"))
    np.testing.assert_allclose(
        teacher(folder).read("unseen", UNSEEN.ids), unbroken.read, atol=0.05
    )  # bfloat16, in any order
    for path, before in begun.items():
        assert path.read_text().startswith(before)  # seconds and all
    for number in (1, 2):
        assert len((folder / f"round-{number}" / "history.csv").read_text().splitlines()) == 1 + TINY.epochs
    for left in (folder, unbroken.folder):
        files = {file.name for file in left.rglob("*") if file.is_file() and file.suffix != ".npy"}
        assert files == {"reader.npz", "settings.json", "stages.json", "history.csv", "steps.csv", "language_model.csv"}


def test_a_round_begins_with_the_language_models_and_leaves_their_embedding_as_it_is(unbroken, tmp_path):
    made, begun = teacher(unbroken.copy(tmp_path)), unbroken.begun
    embedding, *_, output = (weights.numpy() for weights in made.reader.weights)
    (first, by_others), (second, by_itself) = begun
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(embedding, first[0])
    assert (output != first[-1]).all()
    np.testing.assert_array_equal(by_others, TAUGHT.targets)
    np.testing.assert_array_equal(by_itself, made.targets(1))


def test_a_round_shows_crops_of_the_labelled_reviews_besides(small, tmp_path):
    assert teacher(tmp_path, dataclasses.replace(TINY, crop_rate=0.5, epochs=1, rounds=1)).reader
    steps = (tmp_path / "round-1" / "steps.csv").read_text().splitlines()[1:]
    assert len(steps) == -(-(300 + 100 // 2 + 150) // TINY.batch_size)


def test_what_is_taught_is_the_mean_of_the_n_gram_model_and_of_all_rounds(unbroken, tmp_path):
    made, held = teacher(unbroken.copy(tmp_path)), examples(60, 1)
    by_rounds = [
        (made.read("unlabelled reviews", TAUGHT.ids, number), made.read("validation", held.ids, number))
        for number in (1, 2)
    ]
    assert (by_rounds[0][0] != by_rounds[1][0]).any()
    for rounds in (1, 2):
        expected = soft_targets(held, [(n_gram_like(TAUGHT), n_gram_like(held)), *by_rounds[:rounds]])
        np.testing.assert_array_equal(made.targets(rounds), expected)
        assert ((expected > 0.5) == TAUGHT.targets).mean() > 0.9  # where the n-gram model is wrong, too
    np.testing.assert_array_equal(made.targets(), made.targets(2))


@pytest.mark.parametrize(
    "other",
    [
        {"preset": dataclasses.replace(TINY, units=6)},
        {"labelled": 5},
        {"held_out": 5},
        {"taught": examples(100, seed=5)},
        {"taught_by": ("another run",)},
        {"seed": 2},
    ],
)
def test_what_another_teacher_has_read_is_not_taken_for_its_own(other, small, tmp_path):
    teacher(tmp_path)
    with pytest.raises(OtherSettingsError, match=tmp_path.name):
        teacher(tmp_path, **other)


def test_what_differs_in_its_last_digits_only_as_on_another_machine_is_taken_for_its_own(small, tmp_path):
    teacher(tmp_path)
    teacher(tmp_path, taught=Examples(TAUGHT.ids, np.nextafter(TAUGHT.targets, np.float32(0.5))))
