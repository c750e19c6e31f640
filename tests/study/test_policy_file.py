"""Policies beside scenario files: read as they were written, confined to the folder, bounded in size."""

import io
import json
import os
import random
import zipfile

import numpy as np
import pytest
from support import small_policy

from designs import NoSkipping, PolicyDesign
from designs.policy_table import _content_hash
from doseesc.runs import run
from doseesc.study import load
from doseesc.study.policy_file import policy_file, read_policy_file

POLICY = small_policy(target=0.25, max_n=18, rules=(NoSkipping(),))
ENTRY = "{name: best, type: policy, file: best.npz}"


@pytest.fixture
def with_entry(small_scenario):
    """Return a function that gives the small scenario with an entry in place of its design."""
    return lambda entry=ENTRY: small_scenario.replace("{name: B, type: BOIN}", entry)


def test_a_file_is_read_as_it_was_written(scenario_file, with_entry, tmp_path):
    (tmp_path / "best.npz").write_bytes(policy_file(POLICY))
    study = load(scenario_file(with_entry()))
    design = study.designs["best"]
    assert isinstance(design, PolicyDesign)
    assert design.table.digest == POLICY.digest == read_policy_file(policy_file(POLICY)).digest
    assert design.rules == POLICY.rules
    assert policy_file(design.table) == policy_file(POLICY)
    with np.load(tmp_path / "best.npz", allow_pickle=False) as plain:  # what NumPy itself reads
        assert np.array_equal(plain["proposals"], POLICY.proposals)


def test_results_hold_the_policy_and_need_its_file_no_more(scenario_file, with_entry, tmp_path):
    from doseesc.results.folder import write_results
    from doseesc.results.reading import read_results

    (tmp_path / "best.npz").write_bytes(policy_file(POLICY))
    found = run(load(scenario_file(with_entry())), trials=200, method="exact")
    write_results(found, tmp_path / "out")
    (tmp_path / "best.npz").unlink()
    again = read_results(tmp_path / "out").results
    assert again.study.designs["best"].table.digest == POLICY.digest


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{name: best, type: policy}", "file\n  is missing\n  write the name of a file beside this one"),
        ("{name: best, type: policy, file: 3}", "is 3, which is not the name of a file"),
        (ENTRY.replace("best.npz", "none.npz"), "is none.npz, which cannot be read"),
        (ENTRY.replace("best.npz", "../best.npz"), "which does not lie in the scenario file's folder"),
        (ENTRY.replace("best.npz", "/etc/passwd"), "which does not lie in the scenario file's folder"),
        (ENTRY.replace("best.npz", "link.npz"), "which does not lie in the scenario file's folder"),
        (ENTRY.replace("best.npz", "pipe.npz"), "which cannot be read"),
        (ENTRY.replace("best.npz", "mine.yaml"), "which is no policy, or damaged: File is not a zip file"),
        (ENTRY.replace("}", ", max_n: 15}"), "max_n\n  must be 18, for which the policy was found, not 15"),
        (ENTRY.replace("}", ", rules: [{type: SelectTried}]}"), "must be those under which the policy was found"),
    ],
)
def test_what_cannot_be_read_is_said_with_line_and_remedy(complaint, with_entry, tmp_path, entry, said):
    (tmp_path / "best.npz").write_bytes(policy_file(POLICY))
    (tmp_path / "link.npz").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "pipe.npz")
    message = complaint(with_entry(entry))
    assert said in message
    assert message.startswith("mine.yaml:8")


def test_an_archive_that_unfolds_without_end_is_refused_before_it_is_unfolded():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("facts.npy", "w") as member:
        for _ in range(45):
            member.write(bytes(10_000_000))
    assert len(stream.getvalue()) < 1_000_000
    with pytest.raises(ValueError, match=r"facts.npy unfolds to more than 400 MB"):
        read_policy_file(stream.getvalue())


def test_a_shape_larger_than_the_data_is_refused():
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f8", "fortran_order": False, "shape": (10**12, 3)})
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for name in ("facts", "truths"):
            archive.writestr(f"{name}.npy", stream.getvalue())
    with pytest.raises(ValueError, match="does not hold what it says"):
        read_policy_file(whole.getvalue())


def test_objects_are_never_unpickled():
    stream = io.BytesIO()
    np.savez(stream, **{**POLICY.to_arrays(), "weight": np.array([print] * 5, dtype=object)})
    with pytest.raises(ValueError, match=r"is no policy, or damaged: weight.npy does not hold what it says"):
        read_policy_file(stream.getvalue())


def archive(**changed):
    stream = io.BytesIO()
    np.savez_compressed(stream, **{**POLICY.to_arrays(), **changed})
    return stream.getvalue()


def facts_with(**changed):
    """Return facts changed by somebody who knows how their hash is made."""
    arrays = POLICY.to_arrays()
    facts = json.loads(arrays["facts"].tobytes()) | changed
    del facts["content"]
    facts["content"] = _content_hash(facts, arrays)
    return np.frombuffer(json.dumps(facts).encode(), dtype=np.uint8)


@pytest.mark.parametrize("name", ["truths", "weight", "gain", "patient_price", "steps", "proposals"])
def test_what_was_changed_is_not_decided_by(name):
    array = POLICY.to_arrays()[name].copy()
    array.flat[0] += -1 if name == "proposals" else 1
    with pytest.raises(ValueError, match=r"its hash is not that of|truths must lie in"):
        read_policy_file(archive(**{name: array}))


@pytest.mark.parametrize("value", [1e300, float("inf"), 2**70, True, None, {"a": 1}, ["last_dlt"] * 3])
@pytest.mark.parametrize("name", ["by_level", "max_n", "memory", "value", "prior", "rules", "target", "dlt_price"])
def test_facts_of_another_kind_are_refused_at_once(name, value):
    if value is True and name in ("by_level", "dlt_price", "value"):  # the right one, or the number 1
        return
    if name == "value" and value in (1e300, 2**70):  # as finite as any utility
        return
    with pytest.raises(ValueError, match="is no policy, or damaged"):
        read_policy_file(archive(facts=facts_with(**{name: value})))


def test_damaged_bytes_have_one_message():
    rng, right = random.Random(15), policy_file(POLICY)
    said = []
    for _ in range(300):
        wrong = bytearray(right)
        for _ in range(rng.choice((1, 1, 2, 5))):
            wrong[rng.randrange(len(wrong))] = rng.randrange(256)
        try:
            assert read_policy_file(bytes(wrong)).digest == POLICY.digest  # names and dates in an archive's margins
        except ValueError as error:
            said.append(str(error))
    assert len(said) > 200
    assert all(each.startswith("is no policy, or damaged") for each in said)
    deep = np.frombuffer(b"[" * 100_000, dtype=np.uint8)
    with pytest.raises(ValueError, match="is no policy, or damaged"):
        read_policy_file(archive(facts=deep))
