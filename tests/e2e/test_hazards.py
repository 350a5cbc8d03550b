"""Every way in which users get each other's data: played, seen, and not seen without its detector.

HAZARDS.md beside this file is what the plays gave; the causes are in support/hazards.py.
"""
import os

import pytest

from support.hazards import HAZARDS, Scene, config_for, table

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "HAZARDS.md")


def played(key, origin, countermark, folder, off=()):
    scene = Scene(origin, countermark(config_for(origin.port, folder, off)))
    try:
        return HAZARDS[key].play(scene)
    finally:
        scene.alice.close()


@pytest.mark.sanitize
def test_every_hazard_is_seen_by_its_detector_and_the_page_says_so(origin, countermark, folder):
    results = {key: played(key, origin, countermark, folder) for key in HAZARDS}
    written = table(results)
    if os.environ.get("COUNTERMARK_WRITE_HAZARDS"):
        with open(PAGE, "w", encoding="utf-8") as out:
            out.write(written)
    with open(os.path.join(folder, "HAZARDS.md"), "w", encoding="utf-8") as out:
        out.write(written)
    for key, (seen, outcome) in results.items():
        assert (seen, outcome) == (sorted(HAZARDS[key].detectors), HAZARDS[key].outcome), key
    with open(PAGE, encoding="utf-8") as page:
        assert page.read() == written


@pytest.mark.parametrize("key", [key for key, hazard in HAZARDS.items() if hazard.detectors])
def test_with_its_detector_switched_off_the_row_fails(key, origin, countermark, folder):
    hazard = HAZARDS[key]
    seen, outcome = played(key, origin, countermark, folder, hazard.detectors)
    assert not set(seen) & set(hazard.detectors)
    assert (seen, outcome) != (sorted(hazard.detectors), hazard.outcome)
