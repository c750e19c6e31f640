"""The contract that every design keeps, built in or not."""

from dataclasses import FrozenInstanceError, dataclass, fields
from itertools import permutations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.stats import beta

from designs import (
    BOIN,
    CRM,
    CoherentEscalation,
    Decision,
    Design,
    NoSkipping,
    Reason,
    StopAtDose,
    StopAtRecommended,
    StopTooToxic,
    StopWhenStaying,
    Tally,
    ThreePlusThree,
)

# Designs and tallies for the invariants

RULES = st.lists(
    st.one_of(
        st.builds(NoSkipping, reference=st.sampled_from(["current", "highest_tried"]), down=st.booleans()),
        st.builds(CoherentEscalation, target=st.sampled_from([0.2, 0.25, 1 / 3])),
        st.builds(
            StopTooToxic,
            level=st.integers(1, 2),
            above=st.sampled_from([0.2, 0.35]),
            confidence=st.sampled_from([0.6, 0.9]),
        ),
        st.builds(StopAtRecommended, n=st.integers(3, 12)),
        st.builds(StopAtDose, n=st.integers(3, 15), level=st.sampled_from([None, 1, 2])),
        st.builds(StopWhenStaying, n=st.integers(3, 12)),
    ),
    max_size=3,
).map(tuple)


@st.composite
def designs(draw):
    n_doses = draw(st.integers(2, 6))
    size = draw(st.integers(1, 4))
    common = {
        "max_n": draw(st.integers(size, 30)),
        "cohort_size": size,
        "start_level": draw(st.integers(1, n_doses)),
        "rules": draw(RULES),
    }
    target = draw(st.sampled_from([0.2, 0.25, 0.3, 1 / 3]))
    kind = draw(st.sampled_from(["3+3", "CRM", "BOIN"]))
    if kind == "3+3":
        variant = draw(st.sampled_from(["six_at_mtd", "deescalation", "escalation_only"]))
        common |= {"cohort_size": 3, "max_n": draw(st.sampled_from([3, 7, 12, 6 * n_doses]))}
        return ThreePlusThree(n_doses=n_doses, variant=variant, **common)
    if kind == "CRM":
        return CRM(
            target=target,
            skeleton=tuple(np.linspace(0.05, 0.6, n_doses)),
            model=draw(st.sampled_from(["empiric", "logistic"])),
            estimate=draw(st.sampled_from(["plug_in", "posterior_mean"])),
            selection=draw(st.sampled_from(["model", "next_level"])),
            **common,
        )
    return BOIN(
        target=target,
        n_doses=n_doses,
        extra_safe=draw(st.booleans()),
        stop_at_n=draw(st.sampled_from([None, 6, 9])),
        titration=draw(st.booleans()),
        bound_mtd=draw(st.booleans()),
        **common,
    )


def reachable(design, seed, trials=30):
    """Play some trials side by side and return all the tallies that they pass, the last ones included."""
    rng = np.random.default_rng(seed)
    truth = np.sort(rng.uniform(0.01, 0.7, (trials, design.n_doses)), axis=1)
    tally, seen = Tally.empty(design.n_doses, trials), []
    for _ in range(design.max_n + 1):
        seen.append(tally)
        decision = design.decide(tally)
        going = decision.level > 0
        if not going.any():
            return Tally.concatenate(seen)
        level, n = decision.level[going], decision.cohort_size[going]
        truth, tally = truth[going], tally.take(going)
        tally = tally.after(level, n, rng.binomial(n, truth[np.arange(len(n)), level - 1]))
    raise AssertionError("the trial does not end")


def arbitrary(design, seed, trials=60):
    """Return tallies that no trial of the design need pass: any counts, the current level among those tried."""
    rng = np.random.default_rng(seed)
    n = rng.integers(0, 8, (trials, design.n_doses))
    level = rng.integers(1, design.n_doses + 1, trials)
    n[np.arange(trials), level - 1] += 1
    dlt = rng.binomial(n, rng.uniform(0, 1, (trials, 1)))
    last_n = np.minimum(n[np.arange(trials), level - 1], 3)
    last_dlt = np.minimum(dlt[np.arange(trials), level - 1], last_n)
    names = {"last_n": last_n, "last_dlt": last_dlt, "cohorts": last_n, "cohorts_in_a_row": np.ones_like(last_n)}
    return Tally(n=n, dlt=dlt, level=level, memory=names)


SEEDS = st.integers(0, 2**32 - 1)
few = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@few
@given(designs(), SEEDS)
def test_decisions_and_selections_stay_in_range(design, seed):
    for tally in (reachable(design, seed), arbitrary(design, seed)):
        decision = design.decide(tally)
        assert isinstance(decision, Decision)
        assert decision.level.shape == decision.cohort_size.shape == decision.reason.shape == (tally.size,)
        assert ((decision.level >= 0) & (decision.level <= design.n_doses)).all()
        going = decision.level > 0
        left = design.max_n - tally.total_n
        assert (decision.cohort_size[going] >= 1).all()
        assert (decision.cohort_size[going] <= np.minimum(left, design.cohort_size)[going]).all()
        assert (decision.cohort_size[~going] == 0).all()
        assert [reason.stops for reason in decision.reason] == (~going).tolist()
        assert not going[left <= 0].any()
        selected = design.select(tally)
        assert selected.shape == (tally.size,)
        assert ((selected >= 0) & (selected <= design.n_doses)).all()
        assert (selected[tally.total_n == 0] == 0).all()


@few
@given(designs(), SEEDS)
def test_a_batch_is_decided_like_its_members(design, seed):
    tally = arbitrary(design, seed, trials=12)
    tally = Tally.concatenate([Tally.empty(design.n_doses), tally, reachable(design, seed, trials=4)])
    decision, selected = design.decide(tally), design.select(tally)
    for row in range(tally.size):
        one = tally.take(np.array([row]))
        alone = design.decide(one)
        assert alone.level[0] == decision.level[row]
        assert alone.cohort_size[0] == decision.cohort_size[row]
        assert alone.reason[0] is decision.reason[row]
        assert design.select(one)[0] == selected[row]


@few
@given(designs(), SEEDS)
def test_asking_changes_nothing(design, seed):
    tally = arbitrary(design, seed, trials=20)
    before = [values.copy() for values in (tally.n, tally.dlt, tally.level, *tally.memory.values())]
    first, chosen = design.decide(tally), design.select(tally)
    second = design.decide(tally)
    np.testing.assert_array_equal(first.level, second.level)
    np.testing.assert_array_equal(first.reason_code, second.reason_code)
    np.testing.assert_array_equal(design.select(tally), chosen)
    after = [tally.n, tally.dlt, tally.level, *tally.memory.values()]
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old, new)


@few
@given(designs(), SEEDS)
def test_order_of_rules_does_not_matter(design, seed):
    tally = Tally.concatenate([arbitrary(design, seed, trials=25), reachable(design, seed, trials=8)])
    decision, selected = design.decide(tally), design.select(tally)
    parameters = {f.name: getattr(design, f.name) for f in fields(design) if f.init}
    for order in permutations(design.rules):
        again = type(design)(**(parameters | {"rules": order}))
        np.testing.assert_array_equal(again.decide(tally).level, decision.level)
        np.testing.assert_array_equal(again.decide(tally).reason_code, decision.reason_code)
        np.testing.assert_array_equal(again.select(tally), selected)


@few
@given(designs(), SEEDS)
def test_no_skipping_never_skips(design, seed):
    parameters = {f.name: getattr(design, f.name) for f in fields(design) if f.init}
    careful = type(design)(**(parameters | {"rules": (NoSkipping(down=True), *design.rules)}))
    for tally in (reachable(careful, seed), arbitrary(careful, seed)):
        decision = careful.decide(tally)
        moved = (decision.level > 0) & (tally.level > 0)
        step = (decision.level - tally.level)[moved]
        assert (step <= 1).all()
        # Downwards an excluded dose comes first: safety may take more than one step.
        ceiling = careful.ceiling(tally)
        free = moved if ceiling is None else moved & (ceiling >= tally.level - 1)
        assert ((decision.level - tally.level)[free] >= -1).all()


@few
@given(designs(), SEEDS)
def test_coherence_never_escalates_after_a_toxic_cohort(design, seed):
    parameters = {f.name: getattr(design, f.name) for f in fields(design) if f.init}
    careful = type(design)(**(parameters | {"rules": (CoherentEscalation(target=0.25), *design.rules)}))
    for tally in (reachable(careful, seed), arbitrary(careful, seed)):
        toxic = (tally.level > 0) & (4 * tally.recall("last_dlt") >= np.maximum(tally.recall("last_n"), 1))
        assert (careful.decide(tally).level[toxic] <= tally.level[toxic]).all()


@few
@given(designs(), SEEDS)
def test_stopping_rules_only_stop(design, seed):
    """With a rule less, trials go on at the level and size that the limits give."""
    parameters = {f.name: getattr(design, f.name) for f in fields(design) if f.init}
    stops = (StopTooToxic, StopAtRecommended, StopAtDose, StopWhenStaying)
    kept = tuple(rule for rule in design.rules if not isinstance(rule, stops))
    freer = type(design)(**(parameters | {"rules": kept}))
    tally = arbitrary(design, seed)
    ours, free = design.decide(tally), freer.decide(tally)
    going = ours.level > 0
    np.testing.assert_array_equal(ours.level[going], free.level[going])
    np.testing.assert_array_equal(ours.cohort_size[going], free.cohort_size[going])
    np.testing.assert_array_equal(ours.reason_code[going], free.reason_code[going])


# The engine's side of the contract: starts, ends, last cohorts

EXAMPLES = [
    ThreePlusThree(n_doses=3),
    CRM(target=0.25, skeleton=(0.1, 0.25, 0.4), max_n=18, cohort_size=3),
    BOIN(target=0.25, n_doses=3, max_n=18),
]
by_type = pytest.mark.parametrize("design", EXAMPLES, ids=lambda design: type(design).__name__)


@by_type
def test_the_first_cohort_goes_to_the_start_level(design):
    for start in (1, 2, 3):
        parameters = {f.name: getattr(design, f.name) for f in fields(design) if f.init}
        later = type(design)(**(parameters | {"start_level": start}))
        decision = later.decide(Tally.empty(3, size=2))
        np.testing.assert_array_equal(decision.level, [start, start])
        np.testing.assert_array_equal(decision.cohort_size, [3, 3])
        assert list(decision.reason) == [Reason.START, Reason.START]
    np.testing.assert_array_equal(design.select(Tally.empty(3, size=2)), [0, 0])


@pytest.mark.parametrize("design", EXAMPLES[1:], ids=lambda design: type(design).__name__)
def test_the_last_cohort_is_as_large_as_max_n_leaves(design):
    parameters = {f.name: getattr(design, f.name) for f in fields(design) if f.init} | {"max_n": 8}
    shorter = type(design)(**parameters)
    decision = shorter.decide(Tally.parse(["1NNN", "1NNN 1NNT", "1NNN 1NNT 1NN"], n_doses=3))
    np.testing.assert_array_equal(decision.cohort_size, [3, 2, 0])
    assert decision.reason[2] is Reason.MAX_N


@by_type
def test_a_record_beyond_max_n_is_at_its_end(design):
    decision = design.decide(Tally(n=[[18, 18, 18]], dlt=[[0, 2, 9]], level=[2], memory={}))
    assert (decision.level[0], decision.cohort_size[0]) == (0, 0)
    assert decision.reason[0].stops


@by_type
def test_an_empty_batch(design):
    nothing = Tally.empty(3, size=0)
    decision = design.decide(nothing)
    assert decision.level.shape == decision.cohort_size.shape == decision.reason.shape == (0,)
    assert design.select(nothing).shape == (0,)


@by_type
def test_another_number_of_doses_is_refused(design):
    for ask in (design.decide, design.select):
        with pytest.raises(ValueError, match=r"^tally has 4 doses, the design 3"):
            ask(Tally.parse("1NNN", n_doses=4))


@by_type
def test_designs_are_values(design):
    parameters = {f.name: getattr(design, f.name) for f in fields(design) if f.init}
    again = type(design)(**parameters)
    assert again == design
    assert hash(again) == hash(design)
    with pytest.raises(FrozenInstanceError):
        design.max_n = 99
    with pytest.raises(TypeError):  # every argument is named
        type(design)(*parameters.values())
    assert type(design)(**(parameters | {"rules": [NoSkipping()]})).rules == (NoSkipping(),)


@pytest.mark.parametrize("design", [EXAMPLES[0], EXAMPLES[2]], ids=lambda design: type(design).__name__)
def test_probability_above_without_a_model_is_the_levels_own(design):
    tally = Tally.parse(["1NNN 2NTT", "1T", "3NNNNN"], n_doses=3)
    for level in (1, 2, 3):
        n, dlt = tally.n[:, level - 1], tally.dlt[:, level - 1]
        expected = beta.sf(0.3, 1 + dlt, 1 + n - dlt)
        np.testing.assert_allclose(design.probability_above(tally, level, 0.3), expected, rtol=0, atol=1e-12)


@by_type
@pytest.mark.parametrize(("level", "above", "name"), [(0, 0.3, "level"), (4, 0.3, "level"), (1, 1.5, "above")])
def test_probability_above_names_a_wrong_argument(design, level, above, name):
    with pytest.raises(ValueError, match=rf"^{name}\b"):
        design.probability_above(Tally.parse("1NNT", n_doses=3), level, above)


# Reasons


def test_reasons_are_one_vocabulary():
    sentences = [reason.sentence for reason in Reason]
    assert len(set(sentences)) == len(sentences)
    assert all(sentence.endswith(".") and len(sentence) < 90 for sentence in sentences)
    assert all(reason.sentence.startswith("Stop:") == reason.stops for reason in Reason)
    assert Reason.MAX_N.stops
    assert not Reason.STAY.stops


def test_reason_of_a_decision_is_a_member():
    decision = EXAMPLES[2].decide(Tally.parse(["1NNN", "1TTT"], n_doses=3))
    assert decision.reason.dtype == object
    assert list(decision.reason) == [Reason.ESCALATE, Reason.NO_SAFE_DOSE]
    assert decision.reason_code.dtype == np.int8
    np.testing.assert_array_equal(decision.reason_code, [Reason.ESCALATE, Reason.NO_SAFE_DOSE])


# A design of one's own


@dataclass(frozen=True, kw_only=True)
class UpAndDown(Design):
    """Up after a cohort without a DLT, down after one with; the MTD is the last level."""

    memory = ("last_dlt",)

    def propose(self, tally):
        step = np.where(tally.recall("last_dlt") == 0, 1, -1)
        return self.move_to(tally, np.clip(tally.level + step, 1, self.n_doses))

    def pick(self, tally):
        return tally.level


def test_a_small_design_has_everything_else():
    design = UpAndDown(n_doses=3, max_n=12, rules=(StopAtRecommended(6), StopTooToxic(above=0.5, confidence=0.9)))
    assert design.needed_memory == ("last_dlt",)
    assert design.target is None
    tally = Tally.parse(["", "1NNN", "1NNN 2NNT", "1NNT 1NNT", "1TTT", "1NNN 2NNN 3NNN 3NNN"], n_doses=3)
    decision = design.decide(tally)
    names = [reason.name for reason in decision.reason]
    assert names == ["START", "ESCALATE", "DEESCALATE", "ENOUGH_AT_DOSE", "LEVEL_TOO_TOXIC", "MAX_N"]
    np.testing.assert_array_equal(decision.level, [1, 2, 1, 0, 0, 0])
    np.testing.assert_array_equal(design.select(tally), [0, 1, 2, 1, 0, 3])
    with pytest.raises(ValueError, match=r"^memory 'last_dlt' is needed"):
        design.decide(Tally(n=[[3, 0, 0]], dlt=[[0, 0, 0]], level=[1]))


def test_a_design_that_remembers_something_unknown_is_refused():
    @dataclass(frozen=True, kw_only=True)
    class Nostalgic(UpAndDown):
        memory = ("first_dlt",)

    with pytest.raises(ValueError, match=r"^memory has no field 'first_dlt'"):
        _ = Nostalgic(n_doses=3, max_n=12).needed_memory


def test_a_design_without_its_two_methods_cannot_be_made():
    @dataclass(frozen=True, kw_only=True)
    class Unfinished(Design):
        def propose(self, tally):
            return self.move_to(tally, tally.level)

    with pytest.raises(TypeError, match="pick"):
        Unfinished(n_doses=3, max_n=12)


def test_a_cohort_without_patients_is_refused():
    """Otherwise both engines would go on for ever."""

    class Empty(BOIN):
        def propose(self, tally):
            decision = super().propose(tally)
            return Decision(decision.level, 0 * decision.cohort_size, decision.reason_code)

    with pytest.raises(ValueError, match="Empty proposes a cohort without patients"):
        Empty(target=0.25, n_doses=3, max_n=9).decide(Tally.parse("1NNN", n_doses=3))
