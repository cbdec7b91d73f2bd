"""Creative Commons: the six licences in all versions and ports, the retired ones, CC0 and the marks.

Which of them exist, in which version and jurisdiction, and their addresses: `config/cc-legal-tools.csv` of
https://github.com/creativecommons/cc-legal-tools-data, and the legal codes in
https://github.com/creativecommons/creativecommons.org (for the Canadian 2.1). Names: UNIT_NAMES and JURISDICTION_NAMES
of https://github.com/creativecommons/cc-legal-tools-app. Ids: https://spdx.org/licenses/, whose form the ports follow
that are not listed there. What each demands: its deed. Flickr's numbers: flickr.photos.licenses.getInfo as answered
in June 2025, recorded in https://github.com/Flickr-Foundation/flickr-photos-api.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce
from operator import or_

from imgtext_assets.rights.licenses.model import Demand, License

_CC = "https://creativecommons.org"
_UNITS = {
    "by": "Attribution",
    "by-sa": "Attribution-ShareAlike",
    "by-nc": "Attribution-NonCommercial",
    "by-nd": "Attribution-NoDerivatives",
    "by-nc-sa": "Attribution-NonCommercial-ShareAlike",
    "by-nc-nd": "Attribution-NonCommercial-NoDerivatives",
}
_KINDS = {"1.0": "Generic", "2.0": "Generic", "2.5": "Generic", "3.0": "Unported", "4.0": "International"}
# Where each version exists: for all (*, not so 2.1), and as ports to jurisdictions, the same for all six.
_PLACES = {
    "1.0": "* fi il nl",
    "2.0": "* at au be br ca cl de es fr hr it jp kr nl pl tw uk za",
    "2.1": "au ca es jp",
    "2.5": "* ar au bg br ca ch cn co dk es hr hu il in it mk mt mx my nl pe pl pt scotland se si tw za",
    "3.0": "* am at au az br ca ch cl cn cr cz de ec ee eg es fr ge gr gt hk hr ie igo it lu nl no nz ph pl pr pt ro "
    "rs sg th tw ug us ve vn za",
    "4.0": "*",
}
_OLDEST = {"1.0": "* fi nl", "2.0": "jp"}
_RETIRED = {
    "nc": ("NonCommercial", _OLDEST),
    "nc-sa": ("NonCommercial-ShareAlike", _OLDEST),
    "nd": ("NoDerivs", _OLDEST),
    "nd-nc": ("NoDerivs-NonCommercial", _OLDEST),
    "sa": ("ShareAlike", _OLDEST),
    "sampling": ("Sampling", {"1.0": "* br tw"}),
    "sampling+": ("Sampling Plus", {"1.0": "* br de tw"}),
    "nc-sampling+": ("NonCommercial Sampling Plus", {"1.0": "* tw"}),
    "devnations": ("Developing Nations", {"2.0": "*"}),
}
PLACES = {
    "am": "Armenia", "ar": "Argentina", "at": "Austria", "au": "Australia", "az": "Azerbaijan", "be": "Belgium",
    "bg": "Bulgaria", "br": "Brazil", "ca": "Canada", "ch": "Switzerland", "cl": "Chile", "cn": "China Mainland",
    "co": "Colombia", "cr": "Costa Rica", "cz": "Czech Republic", "de": "Germany", "dk": "Denmark", "ec": "Ecuador",
    "ee": "Estonia", "eg": "Egypt", "es": "Spain", "fi": "Finland", "fr": "France", "ge": "Georgia", "gr": "Greece",
    "gt": "Guatemala", "hk": "Hong Kong", "hr": "Croatia", "hu": "Hungary", "ie": "Ireland",
    "igo": "Intergovernmental Organization", "il": "Israel", "in": "India", "it": "Italy", "jp": "Japan",
    "kr": "Korea", "lu": "Luxembourg", "mk": "Macedonia", "mt": "Malta", "mx": "Mexico", "my": "Malaysia",
    "nl": "Netherlands", "no": "Norway", "nz": "New Zealand", "pe": "Peru", "ph": "Philippines", "pl": "Poland",
    "pr": "Puerto Rico", "pt": "Portugal", "ro": "Romania", "rs": "Serbia", "scotland": "UK: Scotland", "se": "Sweden",
    "sg": "Singapore", "si": "Slovenia", "th": "Thailand", "tw": "Taiwan", "ug": "Uganda", "uk": "UK: England & Wales",
    "us": "United States", "ve": "Venezuela", "vn": "Vietnam", "za": "South Africa",
}  # fmt: skip

_FLICKR = {
    "2.0": {"by-nc-sa": 1, "by-nc": 2, "by-nc-nd": 3, "by": 4, "by-sa": 5, "by-nd": 6},
    "4.0": {"by": 11, "by-sa": 12, "by-nd": 13, "by-nc": 14, "by-nc-sa": 15, "by-nc-nd": 16},
}
_DEMANDS = {
    "by": Demand.ATTRIBUTION,
    "sa": Demand.SHARE_ALIKE,
    "nc": Demand.NON_COMMERCIAL,
    "nd": Demand.NO_DERIVATIVES,
    # They permit sampling, not verbatim copies; or use only in developing nations.
    "sampling": Demand.ATTRIBUTION | Demand.OWN_TERMS,
    "sampling+": Demand.ATTRIBUTION | Demand.OWN_TERMS,
    "devnations": Demand.ATTRIBUTION | Demand.OWN_TERMS,
}
# Commons tags that name several versions, of which whoever uses the work may choose: the latest, as in
# LicenseParser::$licenseAliases of https://www.mediawiki.org/wiki/Extension:CommonsMetadata.
_COMMONS_TEMPLATES = {
    "CC-BY-2.0": ("Cc-by-2.0-stma",),
    "CC-BY-SA-2.5": ("Cc-by-sa-2.5,2.0,1.0",),
    "CC-BY-SA-3.0": (
        "Cc-by-sa-3.0,2.5,2.0,1.0", "Cc-by-sa-all", "Cc-by-sa-1.0+", "Cc-by-sa-3.0-migrated",
        "Cc-by-sa-3.0-migrated-with-disclaimers", "Cc-by-sa-3.0-heirs",
    ),
    "CC-BY-SA-4.0": ("Cc-by-sa-4.0,3.0,2.5,2.0,1.0", "Cc-by-sa-4.0-heirs"),
    "CC-BY-4.0": ("Cc-by-4.0-heirs",),
}  # fmt: skip


def _licenses(unit: str, name: str, places: Mapping[str, str]) -> Iterator[License]:
    """One of Creative Commons' codes, such as `by-sa`, in each version: for all, then port by port."""
    for version, where in places.items():
        for place in where.split():
            yield _license(unit, name, version, None if place == "*" else place)


def _license(unit: str, name: str, version: str, port: str | None) -> License:
    codes, names = [unit], [name]
    if unit == "by-nc-nd" and (version == "1.0" or (version, port) == ("2.0", "jp")):
        codes, names = ["by-nd-nc", *codes], ["Attribution-NoDerivatives-NonCommercial", *names]
    urls = [f"{_CC}/licenses/{code}/{version}/" + (f"{port}/" if port else "") for code in codes]
    if version != "1.0":  # whose canonical address is the one with NoDerivatives first
        urls.reverse()
    tail = f"{version}-{port.upper()}" if port else version
    id_ = f"CC-{unit.upper()}-{tail}"
    where = [port, PLACES[port]] if port else ["", _KINDS[version]]
    short = [f"CC {code} {version} {place}".strip() for code in codes for place in where]
    long = [f"{text} {version} {place}".strip() for text in names for place in where]
    return License(
        id=id_,
        title=f"CC {unit.upper()} {tail.replace('-', ' ')}",
        url=urls[0],
        urls=tuple(urls[1:]),
        spellings=(
            *short, *long, *(f"Creative Commons {text}" for text in long),
            *(f"{code} {version}" for code in codes if unit in _UNITS and not port),
        ),
        templates=(f"Cc-{unit}-{tail.lower()}", *_COMMONS_TEMPLATES.get(id_, ())),
        flickr=None if port else _FLICKR.get(version, {}).get(unit),
        version=version,
        jurisdiction=port,
        demands=reduce(or_, map(_DEMANDS.__getitem__, unit.split("-"))),
    )  # fmt: skip


CC_LICENSES: tuple[License, ...] = tuple(
    known for unit, name in _UNITS.items() for known in _licenses(unit, name, _PLACES)
)
CC_RETIRED: tuple[License, ...] = tuple(
    known for unit, (name, places) in _RETIRED.items() for known in _licenses(unit, name, places)
)
CC_PUBLIC_DOMAIN: tuple[License, ...] = (
    License(
        id="CC0-1.0",
        title="CC0 1.0",
        url=f"{_CC}/publicdomain/zero/1.0/",
        urls=(
            # What museums link to in place of the deed, such as the SMK's API.
            f"{_CC}/share-your-work/public-domain/cc0/", f"{_CC}/public-domain/cc0/",
        ),
        spellings=(
            "CC0", "CC 0", "CC-0 1.0", "CC Zero", "CC Zero 1.0", "CC0 1.0", "CC0 1.0 Universal", "CC0 Public Domain",
            "CC0 Universal", "CC0 Public Domain Dedication", "CC0 1.0 Public Domain Dedication",
            "CC0 1.0 Universal (CC0 1.0) Public Domain Dedication", "CC0 1.0 Universal Public Domain Dedication",
            "Creative Commons Zero 1.0 Universal", "Creative Commons Zero, Public Domain Dedication",
            "Creative Commons Zero Public Domain Dedication", "Public Domain Dedication (CC0)", "Public Domain (CC0)",
            "CC0 (Public Domain)", "Public domain, CC0", "CC0 1.0 (Public Domain)", "Public domain (CC0 1.0)",
            "Public domain, CC0 1.0",
        ),
        templates=("Cc-zero", "CC0", "Cc-0"),
        flickr=9,
        version="1.0",
        public_domain=True,
    ),
    License(
        id="CC-PDM-1.0",
        title="Public Domain Mark 1.0",
        url=f"{_CC}/publicdomain/mark/1.0/",
        urls=(f"{_CC}/licenses/mark/1.0/", f"{_CC}/share-your-work/public-domain/pdm/", f"{_CC}/public-domain/pdm/"),
        spellings=(
            "PDM", "PDM 1.0", "CC PDM", "CC PDM 1.0", "Public Domain Mark", "Public Domain Mark 1.0",
            "Public Domain Mark 1.0 Universal", "CC Public Domain Mark", "CC Public Domain Mark 1.0",
            "CC Public Domain Mark 1.0 Universal",
        ),
        templates=("Flickr-public domain mark", "PDMark-owner"),
        flickr=10,
        version="1.0",
        public_domain=True,
    ),
    License(
        id="CC-PDDC",
        title="CC Public Domain Dedication",
        url=f"{_CC}/licenses/publicdomain/",
        urls=(f"{_CC}/publicdomain/certification/1.0/us/",),
        spellings=(
            "Creative Commons Public Domain Dedication and Certification",
            "Copyright-Only Dedication (based on United States law) or Public Domain Certification",
        ),
        templates=("Cc-pd",),
        jurisdiction="us",
        public_domain=True,
    ),
)  # fmt: skip
