"""Statements on a work's copyright that are no licences: public domain, government works, rightsstatements.org.

Sources: https://rightsstatements.org/page/1.0/ (texts and labels: `rights-statements.ttl` of
https://github.com/rightsstatements/data-model); Flickr's names and addresses: flickr.photos.licenses.getInfo;
Wikimedia's words: LicenseShortName and UsageTerms of https://commons.wikimedia.org/wiki/Commons:Machine-readable_data;
Europeana's former statements: its Licensing Framework, whose successors the data model names as close matches.
"""

from __future__ import annotations

from imgtext_assets.rights.licenses import commons_templates as templates
from imgtext_assets.rights.licenses.model import NOTHING, Demand, License

_EUROPEANA = "https://www.europeana.eu/rights"

PUBLIC_DOMAIN: tuple[License, ...] = (
    License(
        id="PD",
        title="Public domain",
        spellings=(
            "Public domain", "PD", "In the public domain", "This work is in the public domain", "The public domain",
            "Gemeinfrei", "Domaine public", "Dominio público", "Dominio publico", "Domínio público",
            "Pubblico dominio", "Dominio pubblico", "Publiek domein", "Domena publiczna", "Domini públic",
            "Domeniu public", "Domain publik", "Volné dílo", "Közkincs", "Kamu malı", "Κοινό κτήμα",
            "Общественное достояние", "Суспільне надбання", "パブリックドメイン", "パブリック・ドメイン",
            "公有领域", "公有領域", "公共领域", "公共領域", "퍼블릭 도메인", "공유 저작물",
        ),
        templates=templates.ANYWHERE,
        public_domain=True,
    ),
    License(
        id="PD-US",
        title="Public domain in the United States",
        spellings=(
            "Public domain in the United States", "Public domain in the USA", "Public domain in the US",
            "Public domain (US)", "Public domain (USA)",
        ),
        templates=templates.IN_THE_UNITED_STATES,
        jurisdiction="us",
        public_domain=True,
    ),
    License(
        id="US-government-work",
        title="United States Government Work",
        url="https://www.usa.gov/government-works",
        urls=("https://www.usa.gov/copyright.shtml", "https://www.usa.gov/government-copyright"),
        spellings=(
            "United States Government Work", "US Government Work", "U.S. Government Work", "US Government Works",
            "U.S. Government Works", "United States Government Works", "Work of the United States Government",
            "Work of the U.S. Government", "Public domain (US Government)", "Public domain (U.S. Government)",
            "Public domain (US government work)", "Public domain (U.S. government work)",
        ),
        templates=templates.US_GOVERNMENT,
        flickr=8,
        jurisdiction="us",
        public_domain=True,
    ),
    License(
        id="no-known-copyright",
        title="No known copyright restrictions",
        url="https://www.flickr.com/commons/usage/",
        spellings=(
            "No known copyright restrictions", "No known restrictions", "No known restrictions on publication",
            "No known copyright restrictions (Flickr Commons)", "No restrictions",
        ),
        templates=templates.NO_KNOWN_RESTRICTIONS,
        flickr=7,
        public_domain=True,
    ),
)  # fmt: skip

ALL_RIGHTS_RESERVED = License(
    id="all-rights-reserved",
    title="All rights reserved",
    urls=(
        "https://www.flickrhelp.com/hc/en-us/articles/10710266545556-Using-Flickr-images-shared-by-other-members",
        # Europeana's "Rights reserved": free, restricted and paid access.
        f"{_EUROPEANA}/rr-f/", f"{_EUROPEANA}/rr-r/", f"{_EUROPEANA}/rr-p/",
    ),
    spellings=(
        "All rights reserved", "© All rights reserved", "(c) All rights reserved", "Copyrighted", "ARR",
        "Alle Rechte vorbehalten", "Tous droits réservés", "Todos los derechos reservados",
        "Todos os direitos reservados", "Tutti i diritti riservati", "Alle rechten voorbehouden",
        "Wszelkie prawa zastrzeżone", "Wszystkie prawa zastrzeżone", "Все права защищены",
        "Alla rättigheter förbehållna", "Med ensamrätt", "保留所有权利", "版权所有", "版權所有", "無断転載禁止",
        "全著作権所有",
    ),
    flickr=0,
    demands=Demand.RESERVED,
)  # fmt: skip


def _rights_statement(
    code: str, label: str, demands: Demand, *, public_domain: bool = False, urls: tuple[str, ...] = ()
) -> License:
    """One of rightsstatements.org's twelve: its address has a form for machines and one for readers too."""
    base, path = "https://rightsstatements.org", f"{code}/1.0"
    return License(
        id=code,
        title=label,
        url=f"http://rightsstatements.org/vocab/{path}/",
        urls=(
            f"{base}/page/{path}/", f"{base}/data/{path}/", f"{base}/data/{path}.ttl", f"{base}/data/{path}.json",
            f"{base}/data/{path}.jsonld", *urls,
        ),
        spellings=(label, f"{label} 1.0", f"{code} 1.0"),
        version="1.0",
        jurisdiction="us" if code == "NoC-US" else None,
        demands=demands,
        public_domain=public_domain,
    )  # fmt: skip


RIGHTS_STATEMENTS: tuple[License, ...] = (
    _rights_statement("InC", "In Copyright", Demand.RESERVED),
    _rights_statement(
        "InC-OW-EU", "In Copyright - EU Orphan Work", Demand.RESERVED, urls=(f"{_EUROPEANA}/orphan-work-eu/",)
    ),
    _rights_statement("InC-EDU", "In Copyright - Educational Use Permitted", Demand.RESERVED),
    _rights_statement("InC-NC", "In Copyright - Non-Commercial Use Permitted", Demand.RESERVED),
    _rights_statement(
        "InC-RUU", "In Copyright - Rights-holder(s) Unlocatable or Unidentifiable", Demand.RESERVED
    ),
    # Whoever holds the copy restricts it by contract, or another law does: nobody can say what is permitted.
    _rights_statement("NoC-CR", "No Copyright - Contractual Restrictions", Demand.OWN_TERMS),
    _rights_statement("NoC-OKLR", "No Copyright - Other Known Legal Restrictions", Demand.OWN_TERMS),
    _rights_statement(
        "NoC-NC", "No Copyright - Non-Commercial Use Only", Demand.NON_COMMERCIAL,
        urls=(f"{_EUROPEANA}/out-of-copyright-non-commercial/",),
    ),
    _rights_statement("NoC-US", "No Copyright - United States", NOTHING, public_domain=True),
    # Its bare label is that of Flickr Commons too.
    _rights_statement("NKC", "No Known Copyright (rightsstatements.org)", NOTHING, public_domain=True),
    _rights_statement("CNE", "Copyright Not Evaluated", Demand.RESERVED, urls=(f"{_EUROPEANA}/unknown/",)),
    _rights_statement("UND", "Copyright Undetermined", Demand.RESERVED),
)  # fmt: skip
