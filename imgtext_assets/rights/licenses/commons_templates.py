"""Names of Wikimedia Commons' public-domain templates, exactly: a name that merely begins with `PD-` is unknown.

Sources: Category:PD license tags of https://commons.wikimedia.org as listed in the table of the attribution generator
(https://github.com/FaFre/wiki_image_license, `licenses.json`), Commons:Copyright tags, the U.S. agencies' tags of
https://github.com/multichill/toollabs, English Wikipedia's file tags as in Twinkle, UploadWizard.config.php of
https://www.mediawiki.org/wiki/Extension:UploadWizard.

What belongs here: names, by what they say. Left out are wrappers without a licence of their own, and tags that only
warn (`Not-PD-US-URAA`). Names are separated by line breaks or semicolons.
"""

from __future__ import annotations


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for line in text.splitlines() for part in line.split(";") if (name := part.strip()))


US_GOVERNMENT = _names("""
PD-NASA; PD-USAF; PD-USCG; PD-USGov; PD-USGov-AID; PD-USGov-ARM; PD-USGov-Atlas; PD-USGov-AVO
PD-USGov-Award; PD-USGov-BBG; PD-USGov-BLM; PD-USGov-CFPB; PD-USGov-CIA; PD-USGov-CIA-WF; PD-USGov-Congress
PD-USGov-Congress-AOC; PD-USGov-Congress-Bio; PD-USGov-Congress-Speaker; PD-USGov-DEA; PD-USGov-DHS; PD-USGov-DHS-CG
PD-USGov-DHS-TSA; PD-USGov-DIA; PD-USGov-DOC; PD-USGov-DOC-Census; PD-USGov-DOC-NOAA; PD-USGov-DOE; PD-USGov-DOJ
PD-USGov-DOL; PD-USGov-DOS; PD-USGov-DOT; PD-USGov-DOT-FAA; PD-USGov-DVA; PD-USGov-ED; PD-USGov-Education
PD-USGov-EEOC; PD-USGov-EPA; PD-USGov-FAA; PD-USGov-FBI; PD-USGov-FCC; PD-USGov-FDA; PD-USGov-Federal Reserve
PD-USGov-FEMA; PD-USGov-FERC; PD-USGov-FSA; PD-USGov-FTC; PD-USGov-FWS; PD-USGov-GAO; PD-USGov-GPO; PD-USGov-GSA
PD-USGov-HHS; PD-USGov-HHS-CDC; PD-USGov-HHS-IHS; PD-USGov-HHS-NHLBI; PD-USGov-HHS-NIH; PD-USGov-HHS-NTP
PD-USGov-HUD; PD-USGov-Interior; PD-USGov-Interior-BLM; PD-USGov-Interior-BOEMRE; PD-USGov-Interior-FWS
PD-USGov-Interior-HABS; PD-USGov-Interior-MMS; PD-USGov-Interior-NPS; PD-USGov-Interior-USBR; PD-USGov-Interior-USGS
PD-USGov-Interior-USGS-Minerals; PD-USGov-Interior-USGS-NBII; PD-USGov-Judiciary; PD-USGov-Military
PD-USGov-Military award; PD-USGov-Military-Air Force; PD-USGov-Military-Air Force-Aux
PD-USGov-Military-Air National Guard; PD-USGov-Military-Army; PD-USGov-Military-Army-USACE
PD-USGov-Military-Army-USACMH; PD-USGov-Military-Army-USAIOH; PD-USGov-Military-Army-USAMHI; PD-USGov-Military-Badge
PD-USGov-Military-DARPA; PD-USGov-Military-DIA; PD-USGov-Military-DVIC; PD-USGov-Military-JCS
PD-USGov-Military-Marines; PD-USGov-Military-MDA; PD-USGov-Military-National Guard; PD-USGov-Military-Navy
PD-USGov-Military-NGA; PD-USGov-Military-Space Force; PD-USGov-money; PD-USGov-MUTCD; PD-USGov-NASA; PD-USGov-NASA-AP
PD-USGov-NASA-SRTM; PD-USGov-NCBI-scienceprimer; PD-USGov-NEA; PD-USGov-NEH; PD-USGov-NIH; PD-USGov-NIH-NIAID
PD-USGov-NIST; PD-USGov-NOAA; PD-USGov-NOAA-GLERL; PD-USGov-NPS; PD-USGov-NRC; PD-USGov-NRCS; PD-USGov-NRO
PD-USGov-NSA; PD-USGov-NSF; PD-USGov-NTSB; PD-USGov-OSS; PD-USGov-OSTP; PD-USGov-OWI; PD-USGov-PC; PD-USGov-PHS
PD-USGov-POTUS; PD-USGov-SI; PD-USGov-SSA; PD-USGov-State; PD-USGov-Treasury; PD-USGov-TVA; PD-USGov-Unincorporated
PD-USGov-USAID; PD-USGov-USAP; PD-USGov-USDA; PD-USGov-USDA-ARS; PD-USGov-USDA-FS; PD-USGov-USDA-NAL
PD-USGov-USDA-NAL-Pomological-Watercolors; PD-USGov-USDA-NRCS; PD-USGov-USDA-NRCS-Gallery; PD-USGov-USGS
PD-USGov-USIA; PD-USGov-USTR; PD-USGov-VA; PD-USGov-VOA; PD-USGov-WPA; PD-USNavy; PD-WorldWind
""")

IN_THE_UNITED_STATES = _names("""
PD-1923; PD-1996; PD-Pre1964; PD-Pre1978; PD-URAA; PD-URAA-noformalities-unrestored; PD-URAA-Simul; PD-US
PD-US-1923-abroad; PD-US-1978-89; PD-US-1996; PD-US-architecture; PD-US-Codes-and-Standards-as-Statutory-Law
PD-US-defective notice; PD-US-expired; PD-US-flag; PD-US-GovEdict; PD-US-Longines; PD-US-no notice
PD-US-no notice-UN; PD-US-not renewed; PD-US-patent; PD-US-patent-no notice; PD-US-record; PD-US-record-expired
PD-US-unpublished
""")

NO_KNOWN_RESTRICTIONS = _names("""
Flickr-no known copyright restrictions; Library of Congress-no known copyright restrictions
SIA-no known copyright restrictions; WSM no known restrictions
""")

ANYWHERE = _names("""
Anonymous-EU; Arquivo Nacional PD-license; PD-AB-exempt; PD-Afghanistan; PD-Albania; PD-Albania-exempt; PD-Algeria
PD-Algeria-photo-except; PD-AM-exempt; PD-ancient-script; PD-Andorra-exempt; PD-Angola; PD-animal; PD-anon-1923
PD-anon-50; PD-anon-70; PD-anon-70-EU; PD-anon-auto-1996; PD-anon-expired; PD-Antigua and Barbuda; PD-AR-Anonymous
PD-AR-Deputies; PD-AR-Gov; PD-AR-Movie; PD-AR-Music; PD-AR-Photo; PD-AR-Signs; PD-Archivesnormandie; PD-ARHI-RM
PD-Armenia; PD-Art; PD-Art-two; PD-Art-two-auto; PD-Art-YorckProject; PD-Australia; PD-Australia-currency; PD-Austria
PD-Austria-1932; PD-Austria-survey; PD-AustrianGov; PD-author; PD-AWM; PD-AZ-exempt; PD-Azerbaijan; PD-B-road-sign
PD-Bahamas-anonymous; PD-Bahrain; PD-Bangladesh; PD-Barbados; PD-Belarus; PD-Belgium-exempt; PD-Belize; PD-Benin
PD-BG-exempt; PD-BH-exempt; PD-Bhutan; PD-Bishop; PD-BNF; PD-Bolivia; PD-Bosnia and Herzegovina; PD-Botswana
PD-BR-1937; PD-BR-URAAanon; PD-BR-URAAwriter; PD-Brazil-media; PD-BrazilGov; PD-BritishGov; PD-Brunei
PD-BulgarianGov; PD-Burkina Faso; PD-Burundi; PD-BY-exempt; PD-CAGov; PD-Cambodia; PD-CambodiaGov; PD-Cameroon
PD-Canada; PD-Canada-anon; PD-Canada-creator; PD-Canada-Crown; PD-Canada-stamp; PD-Central African Republic; PD-Chad
PD-chem; PD-Chile; PD-China; PD-China-film; PD-Coa-Finland; PD-Coa-Germany; PD-Coa-Germany-b1945; PD-Coa-Hungary
PD-Coa-Mexico; PD-Coa-Norway; PD-Coa-Switzerland; PD-Colombia; PD-Comoros; PD-Cook Islands; PD-copyright holder
PD-Costa Rica; PD-Cote d'Ivoire; PD-Croatia; PD-Croatia-exempt; PD-CSIRO; PD-CSPAN; PD-Cuba; PD-CzechGov
PD-DBZ stamps; PD-Democratic Republic of the Congo; PD-Denmark; PD-Denmark50; PD-DenmarkGov
PD-Deutsche Bundespost Berlin stamps; PD-Deutsche Bundespost stamps; PD-Directory-Germany; PD-Djibouti; PD-Dominica
PD-DPRKGov; PD-DPRKOld; PD-EC-exempt; PD-EdictGov; PD-Edison Records; PD-EE-exempt; PD-EEA; PD-Egypt
PD-Egypt-folklore; PD-Egypt-official; PD-Egypt-stamp; PD-Empire of China Government Gazette; PD-Eritrea; PD-Estonia
PD-Ethiopia; PD-EU-audio; PD-EU-no author disclosure; PD-EU-unpublished; PD-EUGov; PD-Faroe Islands50; PD-Fiji
PD-Finland; PD-Finland50; PD-FinlandGov; PD-FinlandStamp; PD-flag; PD-flag-50; PD-Flag-Germany; PD-FLGov; PD-font
PD-France; PD-GallicaScan; PD-Gambia; PD-GDR stamps; PD-GE-exempt; PD-Georgia; PD-German Empire stamps
PD-German stamps; PD-GermanGov; PD-GermanGov-currency; PD-Germany-§134; PD-Germany-§134-KUG; PD-GHAGov; PD-Ghana
PD-GreekGov; PD-GreekGov-HellenicNavy; PD-Grenada; PD-Guinea-Bissau; PD-Gutenberg; PD-Guyana; PD-Haiti; PD-heirs
PD-HK; PD-HK-factsheet; PD-HK-PR; PD-HU-exempt; PD-HU-unknown; PD-Hubble; PD-Hungary; PD-Iceland50; PD-IcelandGov
PD-IDGov; PD-IDNoCopyright; PD-IDOld-Art29; PD-IDOld-Art30; PD-imf.org; PD-India; PD-India-photo-1958; PD-India-URAA
PD-ineligible; PD-Iran; PD-Iraq; PD-IrishGov; PD-IS-exempt; PD-Israel; PD-IsraelGov; PD-Italy; PD-Italy-audio
PD-Italy-EdictGov; PD-Jamaica; PD-Japan; PD-Japan-audio; PD-Japan-exempt; PD-Japan-film; PD-Japan-oldphoto
PD-Japan-organization; PD-Jordan; PD-JordanU; PD-JORF; PD-JORF-nor-conso; PD-Kansallisarkisto; PD-Kenya; PD-KenyaGov
PD-KG-exempt; PD-Kiribati; PD-KoreaGov; PD-Kosovo-exempt; PD-KosovoGov; PD-Kuwait; PD-KZ-exempt; PD-La Moncloa
PD-LACMA; PD-Laos; PD-Lebanon; PD-Lebanon-Photo; PD-Liberia; PD-Libya; PD-Liechtenstein; PD-LN; PD-LT-exempt
PD-LV-exempt; PD-MacaoGov; PD-MacaoGov-text; PD-Macedonia; PD-Macedonia-exempt; PD-Madagascar; PD-MAGov; PD-Malawi
PD-Malaysia; PD-Maldives; PD-Mali; PD-Manchukuo-stamps; PD-MapLibrary; PD-Mauritania; PD-Mauritius; PD-MD-exempt
PD-medical; PD-Mexico; PD-Mexico-NIP; PD-MH; PD-Micronesia; PD-MNEGov; PD-MO; PD-MO-old-art; PD-MO-old-audiovisual
PD-MO-old-broadcast; PD-MO-old-media; PD-MO-old-photo; PD-ModernMarvels; PD-Moldova; PD-money-CZ; PD-Mongolia
PD-Mongolia-exempt; PD-Montenegro; PD-Morocco; PD-Mozambique; PD-music-ineligible; PD-MUTCD-AK; PD-MUTCD-AZ
PD-MUTCD-CA; PD-MUTCD-CO; PD-MUTCD-ID; PD-MUTCD-IL; PD-MUTCD-IN; PD-MUTCD-MA; PD-MUTCD-MI; PD-MUTCD-MN; PD-MUTCD-MO
PD-MUTCD-NC; PD-MUTCD-NE; PD-MUTCD-NY; PD-MUTCD-OH; PD-MUTCD-OR; PD-MUTCD-PA; PD-MUTCD-SC; PD-MUTCD-TX; PD-MUTCD-UT
PD-MUTCD-VA; PD-MUTCD-WA; PD-MUTCD-WI; PD-MX-exempt; PD-Myanmar; PD-Namibia; PD-NamibiaGov; PD-Nauru; PD-Nepal
PD-Netherlands Antilles; PD-New Zealand; PD-NI-exempt; PD-Niger; PD-Nigeria; PD-Niue; PD-NKR-exempt
PD-NL-gemeentevlag; PD-NL-gemeentewapen; PD-NL-verkeersbord; PD-NL-water transport sign; PD-North Korea
PD-Norway-record; PD-Norway50; PD-Norway70; PD-NorwayGov; PD-NWS; PD-ODFW; PD-OK-LSBPD; PD-old; PD-old-100
PD-old-100-1923; PD-old-100-1996; PD-old-100-expired; PD-old-50; PD-old-50-1923; PD-old-50-1996; PD-old-50-expired
PD-old-60; PD-old-60-1923; PD-old-60-1996; PD-old-60-expired; PD-old-70; PD-old-70-1923; PD-old-70-1996
PD-old-70-expired; PD-old-75; PD-old-75-1923; PD-old-75-1996; PD-old-75-expired; PD-old-80; PD-old-80-1923
PD-old-80-1996; PD-old-80-expired; PD-old-90; PD-old-90-1923; PD-old-90-1996; PD-old-90-expired; PD-old-95-expired
PD-old-auto; PD-old-auto-1923; PD-old-auto-1996; PD-old-auto-expired; PD-old-auto-unpublished; PD-old-Edition
PD-old-X-expired; PD-Ottoman Empire; PD-Pakistan; PD-Palau; PD-Panama; PD-Papua New Guinea; PD-Paraguay
PD-PCL-portraits; PD-PDFnet; PD-Philippines; PD-PhilippinesGov; PD-PhilippinesPubDoc; PD-PMR-exempt; PD-Polish
PD-Polishsymbol; PD-Portugal-URAA; PD-PRC-exempt; PD-PRC-GB mandatory standard; PD-PRC-Road Traffic Markings
PD-PRC-Road Traffic Signs; PD-PRGov-OfficialPortraits; PD-PRGov-PRSHP; PD-Raita; PD-release; PD-Republic of the Congo
PD-retouched-user; PD-retouched-user-w; PD-RO-1956; PD-RO-exempt; PD-RO-photo; PD-ROC-exempt
PD-ROC-Generalissimo Government Gazette; PD-ROC-Government Gazette; PD-ROC-Military Government Gazette
PD-ROC-National Government Gazette; PD-ROC-official; PD-ROC-oldphoto; PD-ROC-Presidential Office Gazette
PD-ROC-Provisional Gazette; PD-ROC-Provisional Government Gazette; PD-ROC-Traffic Markings; PD-ROC-Traffic Signs
PD-Romania; PD-RU-exempt; PD-RU-trivial-securitycam; PD-RusEmpire; PD-Russia; PD-Russia-2008; PD-Russia-expired
PD-Rwanda; PD-SabuCat; PD-SAGov; PD-Saint Kitts and Nevis; PD-Saint Lucia; PD-Samoa; PD-San Marino; PD-SanMarino
PD-Sao Tome and Principe; PD-Saudi Arabia; PD-Scan; PD-SCGGov; PD-script; PD-SDASM; PD-Seal-Germany; PD-self
PD-Senegal; PD-Serbia; PD-SerbiaGov; PD-Seychelles; PD-SFJ; PD-SG-artisticwork; PD-SG-broadcast; PD-SG-edition
PD-SG-film; PD-SG-lifetimepub; PD-SG-photo; PD-SG-posthumouspub; PD-SG-soundrec; PD-SG-unknownauthor; PD-shape
PD-signature; PD-simple; PD-Sjöfartsverket; PD-SLNC; PD-SlovakGov; PD-SloveneGov; PD-Slovenia; PD-Slovenia-exempt
PD-Somalia; PD-South Korea; PD-South-Africa; PD-South-Africa-exempt; PD-SpanishGov; PD-Sri Lanka; PD-stamp
PD-Statens vegvesen; PD-STFP; PD-StVZVO; PD-Sudan; PD-Sudan-exempt; PD-Sudan-Photo; PD-Suomen; PD-Sweden-photo
PD-Sweden-URL9; PD-Swiss National Bank; PD-Switzerland-mapdata; PD-Switzerland-official; PD-Switzerland-old-unknown
PD-Switzerland-photo; PD-Syria; PD-Taiwan; PD-Tanzania; PD-text; PD-textlogo; PD-TH-exempt; PD-Thailand; PD-THW
PD-TJ-exempt; PD-TK-exempt; PD-Togo; PD-Tonga; PD-TR-currency; PD-traditional; PD-Transportstyrelsen
PD-Trinidad and Tobago; PD-Tunisia; PD-Turkey; PD-Tuvalu; PD-UA-exempt; PD-UAexMilitary; PD-UAGov-Award
PD-UAGov-Money; PD-UAGovDoc; PD-Uganda; PD-UK-posthumous-non-photo-1996; PD-UK-unknown; PD-UKGov; PD-Ukraine
PD-Ukraine-pre2001; PD-UN-doc; PD-UN-map; PD-Unicode; PD-United Arab Emirates; PD-United Arab Emirates photo
PD-United Arab Emirates stamp; PD-University-of-Wisconsin-Archives; PD-URB-RM; PD-Uruguay; PD-Uruguay-anon; PD-user
PD-user-at-project; PD-user-w; PD-UWASH-FMIB; PD-UZ-exempt; PD-Uzbekistan; PD-Vanuatu; PD-VE-Photo; PD-VE-Pic
PD-Vegagerdin; PD-Venezuela; PD-VenezuelaGov; PD-Vietnam; PD-VietnamGov; PD-Vlaams-gemeentewapen
PD-Vlaamse-gemeentevlag; PD-VzKat; PD-Wikinews; PD-WSMRM; PD-WSRC; PD-Yemen; PD-Yemen-exempt; PD-Yugoslavia
PD-YugoslaviaGov; PD-Zambia; PD-Zimbabwe; PD-ZW-currency
""")
