"""People who do not exist, for the sample shop: the same ones in every run.

No name here is in treatment's word lists, so that a real name is told from a synthetic one at
sight.  Addresses are below ``.example``, social security numbers in the range never issued, card
numbers in a block for tests.
"""

from dataclasses import dataclass
import datetime
import random
import unicodedata

_FIRST_NAMES = """
Adelheid Alarik Amadou Anneliese Anouk Archibald Aurelia Babette Balthazar Benedikta Branka
Calliope Casimir Clementine Cosima Crispin Dagmar Desideria Dragan Eleonore Eluned Emeka Euphemia
Fadila Ferdinand Fionnuala Florentyna Friederike Gaspard Gwendal Hedwig Hildegard Ignatius Ilse
Isolde Jadwiga Jolanta Kasimira Kerstin Kunigunde Laszlo Leocadia Lorcan Ludmila Maelle Mechthild
Mihaela Mordecai Ngozi Octavian Oisin Ottilie Parthenia Perpetua Quirin Radomir Roswitha Saoirse
Serafina Sigismund Solveig Svetlana Tadeusz Thaddeus Theodora Ulrike Urszula Valeska Vespera
Waldemar Wendelin Xanthe Yevgenia Zdenka Zephyrine
"""

_LAST_NAMES = """
Abendroth Achterberg Adeyemi Anker Baranowski Bergström Birnbaum Blumenfeld Bogdanov Brockhaus
Castellanos Chrzanowski Czerny Delacroix Dembele Drozdov Eisenhower Engqvist Fairweather Fenwick
Fitzwilliam Gorski Grünwald Habsburg Halvorsen Hatzidakis Hollander Iwanowa Jankowska Kaczmarek
Karlsson Kirchhoff Kovalenko Lachenmann Lindqvist Lovelace Marchetti Mbeki Mendelsohn Montgolfier
Nachtigall Nieuwenhuis Novotny Oyelaran Papadakis Pemberton Petrossian Pfefferkorn Quatermain
Rosenkranz Schimmelpfennig Sorensen Szymanski Tchaikovsky Thorvaldsen Trevelyan Uchechukwu
Vandermeer Villanueva Vukovic Weatherby Wojciechowski Yarborough Zamoyski Zeppelin Zuckmayer
"""

FIRST_NAMES = tuple(_FIRST_NAMES.split())
LAST_NAMES = tuple(_LAST_NAMES.split())
PLACES = (
    ("Lisbon", "PT"), ("Porto", "PT"), ("Ghent", "BE"), ("Basel", "CH"), ("Graz", "AT"),
    ("Leipzig", "DE"), ("Bremen", "DE"), ("Aarhus", "DK"), ("Uppsala", "SE"), ("Turku", "FI"),
    ("Kraków", "PL"), ("Brno", "CZ"), ("Lyon", "FR"), ("Nantes", "FR"), ("Cork", "IE"),
    ("Leeds", "GB"), ("Bologna", "IT"), ("Valencia", "ES"), ("Utrecht", "NL"), ("Tartu", "EE"),
)  # fmt: skip
MAIL_HOSTS = ("mailbox.example", "posthaus.example", "correo.example", "inbox.example")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a name and a place to live."""

    first_name: str
    last_name: str
    city: str
    country: str

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}"

    @property
    def mailbox(self) -> str:
        """Initial and last name, as the left side of an e-mail address has them."""
        name = f"{self.first_name[0]}.{self.last_name}".lower()
        plain = unicodedata.normalize("NFKD", name)
        return plain.encode("ascii", "ignore").decode()


def person(rng: random.Random) -> Person:
    """Anybody."""
    city, country = rng.choice(PLACES)
    return Person(rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES), city, country)


def phone(rng: random.Random) -> str:
    """A telephone number with a country code."""
    return f"+{rng.choice((31, 32, 33, 44, 45, 48, 49))} {rng.randint(100, 999)} " + "".join(
        str(rng.randint(0, 9)) for _ in range(7)
    )


def birth_date(rng: random.Random) -> datetime.date:
    """A grown-up's."""
    return datetime.date(1945, 1, 1) + datetime.timedelta(days=rng.randrange(60 * 365))


def ssn(rng: random.Random) -> str:
    """A social security number from the range that is never issued."""
    return f"9{rng.randrange(100):02}-{rng.randint(1, 69):02}-{rng.randint(1, 9999):04}"


def card_number(rng: random.Random) -> str:
    """Sixteen digits that pass Luhn's check."""
    digits = [4, 0, 0, 0, 0, 0, *(rng.randint(0, 9) for _ in range(9))]
    doubled = [d * 2 - 9 if d > 4 else d * 2 for d in digits[::2]]
    check = -(sum(doubled) + sum(digits[1::2])) % 10
    return "".join(map(str, [*digits, check]))


def iban(rng: random.Random) -> str:
    """Twenty-two characters that pass the mod-97 check."""
    account = "".join(str(rng.randint(0, 9)) for _ in range(18))
    check = 98 - int(account + "131400") % 97  # D is 13, E is 14, then the check digits' 00
    return f"DE{check:02}{account}"
