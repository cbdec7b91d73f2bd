"""Licences by others than Creative Commons that pictures are under: open data, governments, free art, stock sites.

Sources: https://spdx.org/licenses/ for ids and addresses; https://opendatacommons.org/licenses/; https://cdla.dev;
https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/; https://www.govdata.de/dl-de/by-2-0;
https://www.etalab.gouv.fr/licence-ouverte-open-licence; https://www.kogl.or.kr/info/licenseType1.do to 4;
https://open.canada.ca/en/open-government-licence-canada; https://artlibre.org/licence/lal/en/;
https://www.gnu.org/licenses/fdl-1.3.html (section 10: no version stated means any version ever published);
the stock sites' own pages, which are their addresses below; Commons:Copyright tags for the templates.
"""

from __future__ import annotations

from imgtext_assets.rights.licenses.model import Demand, License

_BY = Demand.ATTRIBUTION
_BY_SA = Demand.ATTRIBUTION | Demand.SHARE_ALIKE

_ODC = "https://opendatacommons.org/licenses"
OPEN_DATA: tuple[License, ...] = (
    License(
        id="PDDL-1.0", title="PDDL 1.0", url=f"{_ODC}/pddl/1-0/",
        urls=(f"{_ODC}/pddl/1.0/", f"{_ODC}/pddl/", f"{_ODC}/pddl/summary/"),
        spellings=("PDDL", "PDDL 1.0", "ODC PDDL", "ODC PDDL 1.0",
                   "Open Data Commons Public Domain Dedication and License",
                   "Open Data Commons Public Domain Dedication and License (PDDL)",
                   "Open Data Commons Public Domain Dedication & License 1.0"),
        version="1.0", public_domain=True,
    ),
    License(
        id="ODC-By-1.0", title="ODC-By 1.0", url=f"{_ODC}/by/1-0/",
        urls=(f"{_ODC}/by/1.0/", f"{_ODC}/by/", f"{_ODC}/by/summary/"),
        spellings=("ODC-By", "Open Data Commons Attribution License", "Open Data Commons Attribution License 1.0"),
        version="1.0", demands=_BY,
    ),
    License(
        id="ODbL-1.0", title="ODbL 1.0", url=f"{_ODC}/odbl/1-0/",
        urls=(f"{_ODC}/odbl/1.0/", f"{_ODC}/odbl/", f"{_ODC}/odbl/summary/"),
        spellings=("ODbL", "ODC ODbL", "ODC ODbL 1.0", "Open Database License", "Open Database License 1.0",
                   "Open Data Commons Open Database License", "Open Data Commons Open Database License 1.0"),
        templates=("ODbL", "OpenStreetMap-2012"), version="1.0", demands=_BY_SA,
    ),
    License(
        id="CDLA-Permissive-1.0", title="CDLA Permissive 1.0", url="https://cdla.dev/permissive-1-0/",
        urls=("https://cdla.io/permissive-1-0/",),
        spellings=("Community Data License Agreement Permissive 1.0",), version="1.0", demands=_BY,
    ),
    License(
        id="CDLA-Permissive-2.0", title="CDLA Permissive 2.0", url="https://cdla.dev/permissive-2-0/",
        spellings=("Community Data License Agreement Permissive 2.0",), version="2.0", demands=_BY,
    ),
    License(
        id="CDLA-Sharing-1.0", title="CDLA Sharing 1.0", url="https://cdla.dev/sharing-1-0/",
        urls=("https://cdla.io/sharing-1-0/",),
        spellings=("Community Data License Agreement Sharing 1.0",), version="1.0", demands=_BY_SA,
    ),
)  # fmt: skip


def _ogl_uk(version: str, template: str) -> License:
    return License(
        id=f"OGL-UK-{version}",
        title=f"OGL {version} (UK)",
        url=f"https://www.nationalarchives.gov.uk/doc/open-government-licence/version/{version[0]}/",
        spellings=(
            f"OGL {version}", f"OGL v{version[0]}", f"OGL{version[0]}", f"Open Government Licence {version}",
            f"Open Government Licence v{version[0]}", f"UK Open Government Licence {version}",
            f"UK Open Government Licence v{version[0]}", f"Open Government Licence (UK) {version}",
        ),
        templates=(template,),
        version=version,
        jurisdiction="uk",
        demands=_BY,
    )  # fmt: skip


def _kogl(kind: int, roman: str, hangul: str, demands: Demand) -> License:
    return License(
        id=f"KOGL-Type-{kind}",
        title=f"KOGL Type {kind}",
        url=f"https://www.kogl.or.kr/info/licenseType{kind}.do",
        spellings=(
            f"KOGL Type {roman}", f"KOGL {kind}", f"Korea Open Government License Type {kind}",
            f"Korea Open Government License Type {roman}", f"Korea Open Government License (KOGL) Type {kind}",
            f"공공누리 제{kind}유형", f"공공누리 {kind}유형", f"공공누리 제{kind}유형({hangul})",
        ),
        templates=("KOGL",) if kind == 1 else (),
        jurisdiction="kr",
        demands=demands,
    )  # fmt: skip


GOVERNMENTS: tuple[License, ...] = (
    _ogl_uk("1.0", "OGL"),
    _ogl_uk("2.0", "OGL2"),
    _ogl_uk("3.0", "OGL3"),
    License(
        id="OGL-Canada-2.0", title="OGL 2.0 (Canada)", url="https://open.canada.ca/en/open-government-licence-canada",
        urls=("https://open.canada.ca/fr/licence-du-gouvernement-ouvert-canada",),
        spellings=("Open Government Licence - Canada", "Open Government Licence - Canada 2.0",
                   "Open Government Licence – Canada", "Open Government Licence – Canada 2.0",
                   "Open Government Licence Canada version 2.0", "Open Government Licence 2.0 (Canada)",
                   "Licence du gouvernement ouvert - Canada"),
        version="2.0", jurisdiction="ca", demands=_BY,
    ),
    License(
        id="etalab-2.0", title="Licence Ouverte 2.0", url="https://www.etalab.gouv.fr/licence-ouverte-open-licence/",
        urls=("https://github.com/etalab/licence-ouverte/blob/master/LO.md",
              "https://www.etalab.gouv.fr/wp-content/uploads/2017/04/ETALAB-Licence-Ouverte-v2.0.pdf",
              "https://www.etalab.gouv.fr/wp-content/uploads/2018/11/open-licence.pdf"),
        spellings=("Etalab 2.0", "Licence Ouverte 2.0", "Licence Ouverte / Open Licence 2.0", "Open Licence 2.0",
                   "Licence Ouverte Etalab 2.0", "Etalab Open License 2.0", "LO 2.0"),
        version="2.0", jurisdiction="fr", demands=_BY,
    ),
    License(
        id="etalab-1.0", title="Licence Ouverte 1.0",
        url="https://www.etalab.gouv.fr/wp-content/uploads/2014/05/Licence_Ouverte.pdf",
        urls=("https://www.etalab.gouv.fr/wp-content/uploads/2014/05/Open_Licence.pdf",),
        spellings=("Licence Ouverte 1.0", "Licence Ouverte / Open Licence 1.0", "Open Licence 1.0", "LO 1.0"),
        version="1.0", jurisdiction="fr", demands=_BY,
    ),
    License(
        id="DL-DE-BY-2.0", title="dl-de/by-2-0", url="https://www.govdata.de/dl-de/by-2-0",
        spellings=("dl-de/by-2-0", "dl-by-de/2.0", "Datenlizenz Deutschland - Namensnennung - Version 2.0",
                   "Datenlizenz Deutschland – Namensnennung – Version 2.0",
                   "Datenlizenz Deutschland Namensnennung 2.0"),
        version="2.0", jurisdiction="de", demands=_BY,
    ),
    License(
        id="DL-DE-ZERO-2.0", title="dl-de/zero-2-0", url="https://www.govdata.de/dl-de/zero-2-0",
        spellings=("dl-de/zero-2-0", "dl-zero-de/2.0", "Datenlizenz Deutschland - Zero - Version 2.0",
                   "Datenlizenz Deutschland – Zero – Version 2.0",
                   "Datenlizenz Deutschland Zero 2.0"),
        version="2.0", jurisdiction="de",
    ),
    License(
        id="DL-DE-BY-1.0", title="dl-de/by-1-0", url="https://www.govdata.de/dl-de/by-1-0",
        spellings=("dl-de/by-1-0", "Datenlizenz Deutschland - Namensnennung - Version 1.0",
                   "Datenlizenz Deutschland Namensnennung 1.0"),
        version="1.0", jurisdiction="de", demands=_BY,
    ),
    License(
        id="DL-DE-BY-NC-1.0", title="dl-de/by-nc-1-0", url="https://www.govdata.de/dl-de/by-nc-1-0",
        spellings=("dl-de/by-nc-1-0", "Datenlizenz Deutschland - Namensnennung - nicht-kommerziell - Version 1.0"),
        version="1.0", jurisdiction="de", demands=_BY | Demand.NON_COMMERCIAL,
    ),
    _kogl(1, "I", "출처표시", _BY),
    _kogl(2, "II", "출처표시+상업적 이용금지", _BY | Demand.NON_COMMERCIAL),
    _kogl(3, "III", "출처표시+변경금지", _BY | Demand.NO_DERIVATIVES),
    _kogl(4, "IV", "출처표시+상업적 이용금지+변경금지", _BY | Demand.NON_COMMERCIAL | Demand.NO_DERIVATIVES),
    License(
        id="GODL-India", title="GODL-India", url="https://data.gov.in/government-open-data-license-india",
        spellings=("Government Open Data License - India", "Government Open Data License India",
                   "Government Open Data License - India (GODL)", "Government Open Data License"),
        templates=("GODL-India",), jurisdiction="in", demands=_BY,
    ),
)  # fmt: skip


FREE_ART: tuple[License, ...] = (
    License(
        id="GFDL-1.1-or-later", title="GFDL", url="https://www.gnu.org/copyleft/fdl.html",
        urls=("https://www.gnu.org/licenses/fdl.html", "https://www.gnu.org/licenses/old-licenses/fdl-1.1.html"),
        spellings=("GFDL", "GNU FDL", "GNU Free Documentation License", "GFDL 1.1+", "GFDL 1.1 or later"),
        version="1.1", demands=_BY_SA,
    ),
    License(
        id="GFDL-1.2-only", title="GFDL 1.2", url="https://www.gnu.org/licenses/old-licenses/fdl-1.2.html",
        urls=("https://www.gnu.org/licenses/fdl-1.2.html",),
        spellings=("GFDL 1.2", "GNU Free Documentation License 1.2", "GNU Free Documentation License, Version 1.2"),
        templates=("GFDL-1.2",), version="1.2", demands=_BY_SA,
    ),
    License(
        id="GFDL-1.2-or-later", title="GFDL 1.2 or later",
        spellings=("GFDL 1.2+", "GNU Free Documentation License 1.2 or later",
                   "GNU Free Documentation License 1.2 or any later version"),
        templates=("GFDL", "GFDL-self", "GFDL-user"), version="1.2", demands=_BY_SA,
    ),
    License(
        id="GFDL-1.3-only", title="GFDL 1.3", url="https://www.gnu.org/licenses/fdl-1.3.html",
        spellings=("GFDL 1.3", "GNU Free Documentation License 1.3", "GNU Free Documentation License, Version 1.3"),
        templates=("GFDL-1.3-only",), version="1.3", demands=_BY_SA,
    ),
    License(
        id="GFDL-1.3-or-later", title="GFDL 1.3 or later",
        spellings=("GFDL 1.3+", "GNU Free Documentation License 1.3 or later",
                   "GNU Free Documentation License 1.3 or any later version"),
        templates=("GFDL-1.3",), version="1.3", demands=_BY_SA,
    ),
    License(
        id="LAL-1.3", title="Free Art License 1.3", url="https://artlibre.org/licence/lal/en/",
        urls=("https://artlibre.org/", "https://artlibre.org/licence/lal/"),
        spellings=("FAL", "FAL 1.3", "LAL", "Free Art License", "Free Art License 1.3", "Licence Art Libre",
                   "Licence Art Libre 1.3"),
        templates=("FAL", "LAL"), version="1.3", demands=_BY_SA,
    ),
    License(
        id="LAL-1.2", title="Free Art License 1.2", url="https://artlibre.org/licence/lal/licence-art-libre-12/",
        spellings=("FAL 1.2", "Free Art License 1.2", "Licence Art Libre 1.2"), version="1.2", demands=_BY_SA,
    ),
    License(id="Commons-attribution", title="Attribution only", templates=("Attribution",), demands=_BY,
            spellings=("Attribution only license",)),
    License(id="copyrighted-free-use", title="Copyrighted free use", spellings=("Copyrighted free use",),
            templates=("Copyrighted free use",)),
)  # fmt: skip

# They permit most uses of single pictures, and forbid others, among which is compiling them: no open licences.
STOCK_SITES: tuple[License, ...] = (
    License(id="Unsplash", title="Unsplash License", url="https://unsplash.com/license", demands=Demand.OWN_TERMS),
    License(id="Pexels", title="Pexels License", url="https://www.pexels.com/license/",
            urls=("https://www.pexels.com/photo-license/",), demands=Demand.OWN_TERMS),
    License(id="Pixabay", title="Pixabay Content License", url="https://pixabay.com/service/license-summary/",
            urls=("https://pixabay.com/service/license/", "https://pixabay.com/service/terms/"),
            spellings=("Pixabay License",), demands=Demand.OWN_TERMS),
    # Its page says CC0 of all pictures. A page can change, so it counts less than CC0 stated of a picture.
    License(id="StockSnap", title="StockSnap License", url="https://stocksnap.io/license",
            spellings=("StockSnap.io License",), demands=Demand.OWN_TERMS),
    License(id="Burst", title="Burst License", url="https://burst.shopify.com/licenses/shopify-some-rights-reserved",
            spellings=("Shopify Some Rights Reserved",), demands=Demand.OWN_TERMS),
    License(id="Gratisography", title="Gratisography License", url="https://gratisography.com/license/",
            demands=Demand.OWN_TERMS),
    License(id="Freepik", title="Freepik License", url="https://www.freepik.com/legal/terms-of-use",
            demands=Demand.OWN_TERMS),
    License(id="royalty-free", title="Royalty-free", spellings=("RF", "Royalty free license"),
            demands=Demand.OWN_TERMS),
    License(id="rights-managed", title="Rights-managed", spellings=("RM",), demands=Demand.RESERVED),
)  # fmt: skip
