"""One page that shows several people: one display, but a case, a subject and a name for each."""
import json

import pytest

from support import plain_site

OTHERS = "&field=X-User-Marker:carol&field=X-User-Marker:dave"


def report(proxy, *words):
    done = proxy.run("report", *words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("mode, outcome", [("observe", "delivered"), ("enforce", "withheld")])
def test_each_of_the_people_on_one_page_is_a_case(countermark, origin, mode, outcome):
    config = plain_site.config(origin.port, mode=mode)
    config["features"][0]["take_down"] = {"cases": 1000, "weak_cases": 0}
    proxy = countermark(config)
    alice = plain_site.signed_in(proxy.port, "alice")
    assert plain_site.page_of(alice, "bob", order=OTHERS).status == \
        (200 if mode == "observe" else 502)

    made = report(proxy, "1", "--reveal")
    assert (made["cases"], made["subjects"], made["viewers"], made["displays"]) == (3, 3, 1, 1)
    assert made["outcomes"][outcome] == 1 and sum(made["outcomes"].values()) == 1
    assert [(screen["displays"], screen["cases"]) for screen in made["screens"]] == [(1, 3)]
    assert {person["person"] for person in made["persons"] if person["as_subject"]} == \
        {"bob", "carol", "dave"}
    assert proxy.run("ledger", "verify").returncode == 0


def test_three_people_on_one_page_are_three_cases_of_a_take_down(countermark, origin):
    config = plain_site.config(origin.port)
    config["features"][0]["take_down"] = {"cases": 3, "weak_cases": 0}
    proxy = countermark(config)
    alice = plain_site.signed_in(proxy.port, "alice")
    assert plain_site.page_of(alice, "bob").status == 502
    assert plain_site.page_of(alice, "bob", order=OTHERS).status == 502
    assert plain_site.feature_is_down(alice.get("/mypage/top"))


def test_another_name_of_the_same_person_is_no_further_person(countermark, origin):
    config = plain_site.config(origin.port, mode="observe")
    config["markers"].append({"name": "number", "find": ["header:X-Number"],
                              "must_be": "requester"})
    proxy = countermark(config)
    alice = plain_site.signed_in(proxy.port, "alice")
    assert plain_site.page_of(alice, "bob", order="&field=X-Number:17&field=X-Number:18").status \
        == 200
    made = report(proxy, "1", "--reveal")
    assert (made["cases"], made["subjects"]) == (1, 1)
    assert [person["person"] for person in made["persons"] if person["as_subject"]] == ["bob"]
