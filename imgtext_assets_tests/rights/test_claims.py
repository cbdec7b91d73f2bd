"""Stated claims: which texts claim rights and of which kind, and which only talk of them."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imgtext_assets.rights.claims import claim_kind, contradicts

RESERVED = [
    # English
    "All rights reserved.", "ALL RIGHTS RESERVED", "all right reserved", "All rights are reserved by Ann Smith",
    "© 2012 Ann Smith. All Rights Reserved", "#AllRightsReserved", "All-rights-reserved", "CC0, all rights reserved",
    "Do not use without permission", "Please do not use my photos without asking for my permission first.",
    "Please don't use this image on websites, blogs or other media without my explicit permission.",
    "Please don’t use this image on websites, blogs or other media without my explicit permission.",
    "This image may not be copied, reproduced or distributed in any form without my written consent.",
    "No part of this picture may be reproduced without prior written authorisation.",
    "Not to be used without the photographer's permission", "Do not use w/o permission",
    "Use without permission is prohibited", "Any use of this photo without my written consent is illegal!",
    "Use only with permission.", "Usage by permission only", "Written permission is required to publish this picture",
    "Unauthorized use is strictly prohibited.", "No unauthorised copying", "Reproduction prohibited",
    "Copying and redistribution strictly forbidden", "Use of this photograph is not permitted", "Do not copy!",
    "PLEASE DO NOT COPY OR DOWNLOAD", "Don't steal my photos", "Dont use my pictures", "Not for reproduction",
    "Please contact me before using this picture", "Please ask me before you use it", "For editorial use only",
    "Rights-managed image", "No AI training", "Not to be used for AI training", "Do not use this to train AI",
    "#noai", "AI training prohibited", "Text and data mining is not permitted",
    "No part of this may be reproduced", "You may not use this image", "This image may not be used in any form",
    "Image may not be used for any purpose", "I reserve all rights", "Ask permission before use", "DO NOT STEAL",
    "Do not use on other websites without permission", "Use of this photo without permission is prohibited",
    "May not be used to train generative AI", "No known copyright restrictions? Wrong: all rights reserved.",
    # German
    "Alle Rechte vorbehalten", "ALLE RECHTE VORBEHALTEN", "Verwendung nur mit Genehmigung",
    "Nutzung nur mit schriftlicher Zustimmung der Fotografin", "Bitte nicht ohne meine Erlaubnis verwenden",
    "Darf nicht ohne Genehmigung veröffentlicht werden", "Keine Verwendung ohne Einwilligung", "Nachdruck verboten",
    "Weiterverwendung nicht gestattet",
    # French
    "Tous droits réservés", "TOUS DROITS RÉSERVÉS", "Tous droits reserves",
    "Reproduction interdite sans autorisation", "Ne pas utiliser sans mon autorisation",
    "Toute reproduction, même partielle, est strictement interdite", "Tous droits de reproduction réservés",
    # Spanish, Portuguese, Italian, Catalan
    "Todos los derechos reservados", "Prohibida su reproducción", "No usar sin mi permiso",
    "Prohibida la reproducción total o parcial sin autorización", "Todos os direitos reservados",
    "Proibida a reprodução", "Não utilizar sem a minha autorização", "Tutti i diritti riservati",
    "Riproduzione riservata", "Vietata la riproduzione", "Non utilizzare senza il mio permesso",
    "Tots els drets reservats",
    # Dutch, Scandinavian, Finnish
    "Alle rechten voorbehouden", "Niet gebruiken zonder toestemming",
    "Gebruik alleen met toestemming van de fotograaf", "Overname verboden", "Alla rättigheter förbehållna",
    "Får ej användas utan tillstånd", "Med ensamrätt", "Alle rettigheder forbeholdes",
    "Må ikke bruges uden tilladelse", "Alle rettigheter reservert", "Må ikke brukes uten tillatelse",
    "Kaikki oikeudet pidätetään", "Ei saa käyttää ilman lupaa",
    # Slavic
    "Wszelkie prawa zastrzeżone", "Kopiowanie zabronione", "Wykorzystywanie zdjęć bez zgody autora zabronione",
    "Všechna práva vyhrazena", "Kopírování bez souhlasu autora je zakázáno", "Všetky práva vyhradené",
    "Sva prava pridržana", "Все права защищены", "ВСЕ ПРАВА ЗАЩИЩЕНЫ", "Копирование запрещено",
    "Использование только с разрешения автора", "Не использовать без разрешения", "Усі права захищені",
    "Всички права запазени",
    # Greek, Hungarian, Romanian, Turkish
    "Με επιφύλαξη παντός δικαιώματος", "ΜΕ ΕΠΙΦΥΛΑΞΗ ΠΑΝΤΟΣ ΔΙΚΑΙΩΜΑΤΟΣ", "Απαγορεύεται η αναπαραγωγή",
    "Minden jog fenntartva", "Toate drepturile rezervate", "Tüm hakları saklıdır",
    # Japanese, Chinese, Korean
    "無断転載禁止", "無断転載を禁じます", "無断使用はご遠慮ください", "写真の無断使用・複製を固く禁じます",
    "転載禁止", "無断転載不可", "許可なく転載することを禁じます", "二次利用禁止", "禁無断転載", "AI学習禁止",
    "版权所有", "版權所有 翻印必究", "未经许可,不得转载", "未经授权禁止使用", "请勿转载", "무단 전재 및 재배포 금지",
    "무단 사용을 금지합니다",
]  # fmt: skip
COPYRIGHT = [
    "©", "A bird. © 2019 Ann Smith", "Foto: Ann Smith©", "Ⓒ Ann", "&copy; Ann Smith", "©️ Ann", "(c) 2019 Ann",
    "(C)2019", "(c) Ann Smith", "Foto (с) Иванов", "Copyright 2019", "copyright Ann Smith", "copyright ann smith 2015",
    "COPYRIGHT: ann",
    "Copyright (c) ann", "copyright by ann", "Copyright, 1999", "Copyright – Ann Smith", "copyright of the author",
    "This photo is copyrighted.", "This work is protected by copyright", "Still in copyright", "© Crown copyright",
    "Crown copyright reserved", "some rights reserved", "Rights reserved", "Not for commercial use",
    "For personal use only", "Public domain? No: © Ann", "no known copyright restrictions, © Ann",
    "No copyright infringement intended. Copyright 2020 Ann", "Copyright: Ann. Not public domain at all",
    "Urheberrechtlich geschützt", "Bildrechte bei Ann Schmidt", "Einige Rechte vorbehalten", "Droits réservés",
    "Œuvre protégée par le droit d'auteur", "Algunos derechos reservados", "Protegido por derechos de autor",
    "Direitos autorais de Ana Souza", "Diritti d'autore di Anna", "Protetto da diritto d'autore",
    "Auteursrechtelijk beschermd", "Upphovsrättsskyddad bild", "Ophavsretligt beskyttet",
    "Zdjęcie chronione prawem autorskim", "Prawa autorskie należą do autora", "Chráněno autorským právem",
    "Авторские права принадлежат Анне", "Охраняется авторским правом", "著作権は撮影者にあります",
    "著作権は作者に帰属します", "저작권은 작가에게 있습니다", "版权归作者",
]  # fmt: skip
NO_CLAIMS = [
    "", "A bird.", "Public domain", "CC0", "no rights reserved", "No known copyright restrictions",
    "No Known Copyright Restrictions", "no copyright", "free of copyright", "copyright-free photo", "copyright free",
    "not copyrighted", "uncopyrighted", "non-copyrighted", "the Copyright Office in Washington",
    "a talk on copyright law", "COPYRIGHT ACT 1976", "copyright expired", "Copyright has expired", "out of copyright",
    "copyright waived", "a copywriter in 1999", "copyright infringement", "without any copyright",
    "No copyright claims", "This image is not protected by copyright.", "Not subject to copyright",
    "The image was never copyrighted", "I, the copyright holder of this work, release it into the public domain",
    "Copyright: public domain", "Copyright: CC0", "Copyright: none",
    "copyright: This picture is in the public domain", "copyright: http://creativecommons.org/publicdomain/zero/1.0/",
    "Copyrighted free use", "copyright: Work of the U.S. Government", "The copyright symbol", "The © sign on a wall",
    "panel (a), (b) and (c) of the figure", "(a) 1990 (b) 2000 (c) 2010 Prices",
    "Views of (c) The Nave and (d) The Crypt", "Fig. 2 (c) Results", "a 501(c)(3) organisation",
    "Temperature (C) Anomalies", "c. 1920", "the product a © b of two forms", "Used with permission",
    "Free to use without permission", "No permission needed to use this picture",
    "You don't have to ask before using it", "Royalty-Free Stock Photo", "Licence plate", "Do not disturb",
    "No entry without permission", "Nature reserve", "Reserved seats in the theatre", "All seats reserved",
    "Users may not use the pool without consent of the management", "copyright renewed in 1950",
    "He was not allowed to publish the book without the permission of the king", "Distribution of leaflets prohibited",
    "Copying machine prohibited in library", "Use of the pool without permission is prohibited",
    "Utilisation de la piscine interdite aux enfants", "未经许可禁止入内", "He may not have stolen it",
    "Not a photo: this was generated by an AI model", "A machine learning conference",
    "Contact your doctor before using", "Prohibited area", "Human rights protest", "gemeinfrei", "Kein Copyright",
    "keine Rechte vorbehalten", "Nicht urheberrechtlich geschützt", "Das Urheberrecht ist abgelaufen",
    "Baden verboten", "Betreten nur mit Genehmigung", "domaine public", "photo libre de droits",
    "Aucun droit réservé", "Défense de fumer : interdit", "La Déclaration des droits de l'homme", "dominio público",
    "Sin derechos de autor", "Prohibido el paso sin autorización", "domínio público", "Nenhum direito reservado",
    "pubblico dominio", "Nessun diritto riservato", "Vietato l'ingresso senza permesso", "publiek domein",
    "Geen rechten voorbehouden", "Verboden toegang", "Inga rättigheter förbehållna", "Ingen ophavsret",
    "domena publiczna", "Bez praw autorskich", "Prawa człowieka", "Volné dílo", "общественное достояние",
    "Без авторских прав", "Вход запрещен", "Права человека", "Κοινό κτήμα", "Ανθρώπινα δικαιώματα",
    "パブリックドメイン", "著作権なし", "著作権フリーの写真", "著作権は消滅しています", "著作権法の本", "無断転載OK",
    "転載自由", "立入禁止", "撮影禁止の看板", "公有领域", "无版权", "저작권 없음", "퍼블릭 도메인",
]  # fmt: skip
PHRASES = [
    *((text, "reserved") for text in RESERVED),
    *((text, "copyright") for text in COPYRIGHT),
    *((text, None) for text in NO_CLAIMS),
]


def kind(text: str | None) -> str | None:
    return pl.select(claim_kind(pl.lit(text, pl.String))).item()


@pytest.mark.parametrize(("text", "expected"), PHRASES)
def test_each_phrase_claims_what_it_says(text, expected):
    assert kind(text) == expected
    assert kind(f"A bird on a wire, 12 x 8 in.\n\n{text}") == expected
    assert kind(f"{text}. A bird on a wire.") == expected


def test_a_column_is_judged_as_its_texts_are():
    texts, kinds = zip(*PHRASES, (None, None), strict=True)
    frame = pl.LazyFrame({"text": texts}, schema={"text": pl.String})
    assert frame.select(claim_kind(pl.col("text"))).collect().to_series().to_list() == list(kinds)


# Nothing that "(c)", "no" or "copyright" beside it could give a meaning; a full stop ends the sentence before.
harmless = st.lists(
    st.sampled_from(
        ["A bird", "Ένα πουλί", "Птица", "鳥の写真", "12 x 8 in", "ein Vogel", "<b>", "🐦", "\n", "IMG_1.jpg"]
    ),
    max_size=4,
).map(" ".join)


@given(harmless, st.sampled_from([*RESERVED, *COPYRIGHT[1:]]), harmless)
def test_a_claim_is_found_whatever_harmless_text_is_around_it(before, claim, after):
    assert kind(f"{before}. {claim}. {after}") == kind(claim) is not None


@given(st.lists(st.sampled_from([*filter(None, NO_CLAIMS)]) | harmless, max_size=6))
def test_texts_without_a_claim_claim_nothing_together(texts):
    assert kind(". \n\n".join(texts)) is None


@given(st.sampled_from(PHRASES), st.sampled_from(["NFC", "NFD"]), st.sampled_from([" ", "\u00a0", "  ", "\n"]))
def test_how_letters_are_composed_and_words_spaced_does_not_matter(phrase, form, space):
    text, expected = phrase
    written = pl.select(pl.lit(text).str.normalize(form)).item().replace(" ", space)
    assert kind(written) == expected


@given(st.text(max_size=200))
def test_any_text_can_be_judged(text):
    assert kind(text) in ("reserved", "copyright", None)


def contradicted(text: str | None, license_id: str | None) -> bool:
    schema = {"text": pl.String, "license_id": pl.String}
    row = pl.DataFrame({"text": [text], "license_id": [license_id]}, schema=schema)
    return row.select(contradicts(pl.col("text"), pl.col("license_id"))).item()


@pytest.mark.parametrize(
    ("text", "license_id", "expected"),
    [
        ("All rights reserved", "CC0-1.0", True),
        ("All rights reserved", "CC-BY-4.0", True),
        ("© Ann", "CC0-1.0", True),
        ("© Ann", "CC-BY-4.0", False),
        ("© Ann", None, True),
        ("A bird", "CC0-1.0", False),
        ("A bird", None, False),
        (None, "CC0-1.0", False),
        (None, None, False),
    ],
)
def test_a_claim_of_rights_contradicts_the_licences_that_it_leaves_no_room_for(text, license_id, expected):
    assert contradicted(text, license_id) is expected


NON_COMMERCIAL = [
    "CC BY-NC", "A bird. CC BY-NC 2.0", "A bird CC-BY-NC-SA-4.0", "cc_by_nc_4.0", "(CC) BY-NC", "by-nc-sa 2.0",
    "https://creativecommons.org/licenses/by-nc/4.0/", "CC BY-SA-NC 3.0", "Ann's photo [CC by-nc 2.0], via Flickr",
    "This work is licensed under a Creative Commons Attribution-NonCommercial 4.0 International License",
    "Creative Commons Attribution-ShareAlike-NonCommercial", "Creative Commons: Attribution, Non-Commercial",
    "Creative Commons Namensnennung-Nicht kommerziell 3.0", "Not for commercial use", "© Ann, CC BY-NC 2.0",
]  # fmt: skip
NO_DERIVATIVES = [
    "CC BY-ND", "A bird. CC BY-ND 2.0", "Licensed under a Creative Commons Attribution-NoDerivs 2.0 Generic licence",
    "https://creativecommons.org/licenses/by-nd/4.0/", "by-nd 2.0",
    "Creative Commons Attribution - Pas de Modification 3.0", "Creative Commons Namensnennung-Keine Bearbeitung",
]  # fmt: skip
BOTH = [
    "Licensed under CC BY-NC-ND 4.0", "CC BY-ND-NC 1.0", "Creative Commons Attribution-NonCommercial-NoDerivs 2.0",
    "CC BY-NC 2.0 or CC BY-ND 2.0", "https://creativecommons.org/licenses/by-nc-nd/4.0/deed.en",
    "Attribution - Pas d’Utilisation Commerciale - Pas de Modification",
]  # fmt: skip
NO_CONDITIONS = [
    "CC BY 4.0", "CC BY-SA 4.0", "https://creativecommons.org/licenses/by-sa/4.0/", "A commercial street", "CC0",
    "Photo by NC State University", "Shot by ND fans in Fargo, ND 2019", "Pinehurst CC, NC", "Derivative works allowed",
    "Free for commercial and non-commercial use", "Creative Commons Zero, for commercial and non-commercial use",
    "Creative Commons Attribution 4.0 International", "A non-commercial radio station",
]  # fmt: skip
CONDITIONS = [
    *((text, {"NC"}) for text in NON_COMMERCIAL),
    *((text, {"ND"}) for text in NO_DERIVATIVES),
    *((text, {"NC", "ND"}) for text in BOTH),
    *((text, set[str]()) for text in NO_CONDITIONS),
]


@pytest.mark.parametrize(("text", "conditions"), CONDITIONS)
def test_a_condition_contradicts_the_licences_without_it(text, conditions):
    for around in (text, f"A bird.\n{text}", f"{text}. A bird"):
        assert contradicted(around, "CC0-1.0") is bool(conditions)
        assert contradicted(around, None) is bool(conditions)
        assert contradicted(around, "CC-BY-SA-4.0") is bool(conditions)
        assert contradicted(around, "CC-BY-NC-SA-2.0") is ("ND" in conditions)
        assert contradicted(around, "CC-BY-ND-4.0") is ("NC" in conditions)
        assert contradicted(around, "CC-BY-NC-ND-4.0") is False
