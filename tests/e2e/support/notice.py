"""The first notice's accident as cases: who saw whom, on which of its nine screens.

The notice tells sums alone; this is one assignment that has all of them at once. 33 people: three
pairs saw each other (6), one more is on both sides, 13 saw only, 13 were seen only.
"""
from . import sites

SCREENS = sites.PERSONAL[:9]
CASES_PER_SCREEN = (13, 5, 1, 4, 12, 1, 5, 2, 1)
FIGURES = {"cases": 21, "pairs": 18, "mutual_pairs": 3, "subjects": 20, "viewers": 20, "both": 7,
           "viewers_unidentified": 0, "displays": sum(CASES_PER_SCREEN)}
MOST_SCREENS = 6                        # of one case


def user(number):
    return f"user{number:03d}"


def pairs():
    """21 ordered pairs (viewer, subject) as numbers of users."""
    mutual = [(1, 2), (2, 1), (3, 4), (4, 3), (5, 6), (6, 5)]
    # 7 sees and is seen; 8 saw two people, and 21 was seen by two.
    chain = [(7, 21), (8, 7), (8, 21)]
    return mutual + chain + [(8 + i, 21 + i) for i in range(1, 13)]


def cases():
    """[(viewer, subject, [paths])]: one case with six screens, the others with one or two."""
    found = [(user(viewer), user(subject), []) for viewer, subject in pairs()]
    first = (0, 1, 3, 4, 6, 7)
    found[0][2].extend(SCREENS[index] for index in first)
    at = 0
    for index, count in enumerate(CASES_PER_SCREEN):
        for _ in range(count - (1 if index in first else 0)):
            found[1 + at % 20][2].append(SCREENS[index])
            at += 1
    return found
