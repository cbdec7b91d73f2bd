"""The phrases by which texts claim rights, or say that there are none, by language: the table behind `claims`.

What belongs here: phrases. What does not: how they are looked for (`claims`). A phrase is a regular expression, written
so that it can be read: a space stands for what separates two words, ` … ` for further words of the same sentence (`…`
for further letters, where a language has no spaces), `*` for the rest of a word; capitals and accents do not matter.
Dashes, commas and quotes in the text count as spaces. Only patterns of Rust's regex: no look-around.

The words for "all rights reserved", the formula of the Buenos Aires convention of 1910, are those that Wikipedia's
article of that name gives for each language; the others are what photographers write below their pictures.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Phrases:
    """One language's phrases.

    `reserved` keep others from using the picture at all, `copyright` say that somebody has rights in it, `none` deny
    that or only talk of it. Every text with one of the first two contains one of `stems` (letters as written, in any
    case): a quick test that spares nearly all texts the others. `spaced`: the language puts spaces between words.
    """

    language: str
    stems: tuple[str, ...]
    reserved: tuple[str, ...]
    copyright: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    spaced: bool = True


_USE = (
    "us(e|es|ed|age|ing)|re ?us(e|ed)|cop(y|ies|ied|ying)|reproduc*|re ?print*|re ?publish*|publi(sh*|cation)|"
    "(re ?)?post(ed|ing)?|download*|(re ?)?distribut*|shar(e|ed|ing)|print(ed|ing)?|alter(ed)?|modif*|edited|"
    "display(ed)?|broadcast|exploit*|duplicat*|transmitted"
)
_PERMISSION = "permissions?|consent|authori[sz]ation"
_FORBIDDEN = "prohibited|forbidden|not (allowed|permitted)|illegal|unlawful"
_THINGS = "(photo*|image*|picture*|pics?|shots?|(art)?works?|content|material*)"
_PICTURE = f"(this|my|these|the|our|any|all) {_THINGS}"
# What was forbidden, and nothing else that might be its object: "do not use or copy in any way", not "use the pool".
_USE_IT = (
    f"({_USE})(( or| and)? ({_USE}))*( it| them| this| elsewhere| anywhere| online| commercially| "
    "(in|on|for|as) (any|other|your|websites?|blogs?|print|social|the (internet|web)) …)?"
)
_NOT = "no|not|don't|dont|never|cannot|can't|mustn't"
_COPYING = (
    "(reproduction|copying|duplication|(re)?distribution|downloading|reposting|republication|re ?use)"
    f"(( or| and)? ({_USE}))*"
)
_AI = "(generative |gen )?(ai|artificial intelligence|machine learning)"

ENGLISH = Phrases(
    "English",
    stems=(
        "copyright", "reserved", "permi", "consent", "authori", "prohibited", "forbidden", "allowed", "illegal",
        "unlawful", "may not", "must not", "cannot be", "can not be", "no part of", "all rights",
        "do not", "don't", "don’t", "dont ", "before us", "before you us", "copying", "repost",
        "redistribut", "downloading", "reproduc", "republi", "re use", "reuse", "commercial use", "use only",
        "rights managed", "noai", "noimageai", "no ai", "no gen", "ai training", "for ai", "for gen", "in ai",
        "by ai", "train ai", "train gen", "train an ai", "train any ai", "machine learning",
        "artificial intelligence", "data mining",
    ),
    reserved=(
        "all rights? (are )?(strictly )?reserved", "allrightsreserved", "rights managed (photo*|image*|stock|licen*)",
        f"({_NOT}) ((to|be|ever|allowed) )*{_USE_IT} (without|w o|unless) … ({_PERMISSION})",
        f"{_PICTURE} … ({_NOT}) … ({_USE}) … (without|w o|unless) … ({_PERMISSION})",
        f"({_NOT}) … ({_USE}) … {_PICTURE} … (without|w o|unless) … ({_PERMISSION})",
        f"({_NOT}) … ({_USE}) … (without|w o|unless) … (my|our|*author*|*artist*|*photographer*|copyright) … "
        f"({_PERMISSION})",
        f"{_USE_IT} (without|w o) … ({_PERMISSION}) … ({_FORBIDDEN})",
        f"({_USE}) … {_PICTURE} … (without|w o) … ({_PERMISSION}) … ({_FORBIDDEN})",
        f"no part of … may be ({_USE})", f"(may|must) not ({_USE}) … {_PICTURE}",
        f"({_PICTURE}|photo*|image|picture) (may|must|can) ?not be ({_USE})",
        "(i|we) (reserve|retain|keep) all rights",
        f"(ask|request|get|obtain) (for )?((my|our|prior|written) )*({_PERMISSION}) (before|prior to) (any )?{_USE_IT}"
        " ?([.!;]|$)",
        f"({_USE}) … (only|solely|exclusively) (with|by|after|upon) … ({_PERMISSION})",
        f"({_USE}) … (with|by) … ({_PERMISSION}) only",
        f"({_PERMISSION}) … (required|needed) (to|for|before) … ({_USE})",
        f"(use|usage|reproduction|publication) … requires? … ({_PERMISSION})",
        "(ask|contact*|e ?mail|message) (me|us) … before (using|you use|use)",
        f"(ask|contact*|e ?mail|message) … before (using|you use) {_PICTURE}",
        f"unauthori[sz]ed … ({_USE}) … ({_FORBIDDEN})", f"no unauthori[sz]ed ({_USE})",
        f"{_COPYING} ((is|are|strictly|expressly|absolutely|hereby) )*({_FORBIDDEN})",
        f"{_COPYING} (of ({_PICTURE}|{_THINGS})|in (any|whole|part)|without|for) … ({_FORBIDDEN})",
        f"use of {_PICTURE} … ({_FORBIDDEN})",
        "(do not|don't|dont) (copy|reproduce|repost|republish|redistribute|duplicate)",
        "(do not|don't|dont) steal ?([.!;]|$)",
        f"(do not|don't|dont) (use|steal|download|share|take|pin|edit|alter|blog) {_PICTURE}",
        "no (copying|reposting|redistribution|downloading)",
        "not for (reproduction|redistribution|re ?use|republication)", "editorial use only",
        f"no {_AI} (training|models?|datasets?|learning|use)", "noai", "noimageai",
        f"({_NOT}) … (used?|scraped?) … (for|to train|in|by) (an |any )?{_AI}", f"({_NOT}) … train (an |any )?{_AI}",
        f"({_AI} training|data mining) … ({_FORBIDDEN}|reserved)",
    ),
    copyright=(
        "copyrighted", "copyrights? (by|of|belongs?|held|owned|remains|reserved|protected)", "crown copyright",
        "(under|protected by|covered by|subject to|still in|is in) copyright", "(some )?rights? (are )?reserved",
        "(not for|no) commercial use", "non ?commercial use only", "(personal|private) use only",
    ),
    none=(
        "(no|not|isn't|never|zero|free (of|from)|out of|expired|waived?) "
        "((any|all|known|more|longer|under|in|subject to|protected by|covered by) )*"
        "(copyright(s|ed)?|rights? (are )?reserved)( (restrictions?|claims?|protection))?",
        "without (any )?(copyrights?|rights? reserved) (restrictions?|claims?|protection)", "(un|non ?)copyrighted",
        "copyrighted free use",
        "copyrights? (free|((has|was|is) )?(been )?(expired|waived|not renewed|abandoned|released)|acts?|clearance|"
        "info(rmation)?|infringements?|laws?|lawyers?|library|notices?|offices?|page|registrations?|restrictions?|"
        "signs?|status|symbols?|terms?|trolls?)",
        "(no|without|not need|don't need|doesn't (need|require)|does not require) ((any|further|prior|special|my) )*"
        "(permissions?|authori[sz]ation) (is |are )?(required|needed|necessary|to)",
        "(no need to|needn't|do not have to|don't have to) ask",
    ),
)  # fmt: skip

_DE_USE = "*verwend*|*nutz*|veröffentlich*|vervielfältig*|weiterge*|abdruck*|nachdruck|*kopier*|gebrauch*"
_DE_PERMISSION = "genehmigung|erlaubnis|zustimmung|einwilligung"

GERMAN = Phrases(
    "German",
    stems=(
        "vorbehalten", "genehmigung", "erlaubnis", "zustimmung", "einwilligung", "verboten", "untersagt", "gestattet",
        "urheber", "bildrecht", "rechte ",
    ),
    reserved=(
        "alle rechte (sind )?vorbehalten",
        f"({_DE_USE}) … (nur|ausschließlich) … (mit|nach|bei) … ({_DE_PERMISSION})",
        f"(nicht|kein*) … ohne … ({_DE_PERMISSION}) … ({_DE_USE})",
        f"(nicht|kein*) … ({_DE_USE}) … ohne … ({_DE_PERMISSION})",
        f"ohne … ({_DE_PERMISSION}) … nicht … ({_DE_USE})",
        "(*verwendung|*nutzung|weitergabe|nachdruck|abdruck|kopieren|kopien?|vervielfältigung|veröffentlichung) … "
        "(verboten|untersagt|nicht (gestattet|erlaubt))",
    ),
    copyright=(
        "urheberrechtlich geschützt", "urheberrechte? (bei|liegt|liegen|by)", "bildrechte (bei|liegen|by|von)",
        "(einige )?rechte vorbehalten", "(die )?rechte (an *)?liegen (bei|beim)",
    ),
    none=(
        "kein(e|er|erlei)? (urheberrecht*|copyright*|rechte vorbehalten)", "nicht (mehr )?urheberrechtlich geschützt",
        "urheberrechts? ?frei", "urheberrecht* … (erloschen|abgelaufen)", "urheberrechts(gesetz*|verletzung*)",
        "(ohne|frei von) (copyright|urheberrecht*)", "copyright ?frei",
    ),
)  # fmt: skip

_FR_USE = "reproduction*|utilisation*|copie|diffusion|publication|téléchargement|usage"
_FR_THINGS = "(photo*|image*|œuvre*|contenu*|cliché*)"

FRENCH = Phrases(
    "French",
    stems=("droits", "droit d", "interdit", "autorisation", "permission", " accord"),
    reserved=(
        "tous (les )?droits (sont )?réservés", "tous droits de reproduction",
        f"({_FR_USE}) ((est|sont|strictement|formellement|totalement|même partielle|commerciale) )*interdit*",
        f"({_FR_USE}) (de (cette|cet|ces|mes|la|l'|toute) ?{_FR_THINGS}|sans|même|totale|partielle) … interdit*",
        "interdit* … (de|d') (copier|reproduire|utiliser|télécharger|diffuser)",
        "(ne|pas|aucune|non) … (utilis*|copi*|reprodu*|publi*|diffus*|télécharg*|partag*) … sans … "
        "(autorisation|permission|accord|consentement)",
        "(utilisation|reproduction|usage|diffusion) … (soumise?|uniquement) … (autorisation|accord)",
    ),
    copyright=(
        "droits d'auteurs? (à|de|appartien*)", "protégée?s? par (le|les|un) (droits? d'auteur|copyright)",
        "(certains )?droits réservés",
    ),
    none=(
        "(aucun|sans|pas de|libre de|libre des?) (droits? (réservé|d'auteur)|copyright)",
        "droits d'auteur … expirés?", "non protégée?s? par (le|les) droits? d'auteur", "domaine public",
    ),
)  # fmt: skip

SPANISH = Phrases(
    "Spanish",
    stems=("derechos", "prohibid", "permiso", "autorizaci", "consentimiento"),
    reserved=(
        "todos los derechos (están )?reservados", "reservados todos los derechos",
        "prohibid[oa]s? (la |el |su |toda )?(reproducción|copia|distribución|descarga|difusión|publicación|"
        "reproducir|"
        "copiar)",
        "prohibid[oa] su (uso|utilización)", "(reproducción|copia) … prohibid[oa]",
        "(no|ni) … (usar*|usen?|uso|utili*|copi*|reprodu*|public*|distribu*|descarg*) … sin … (permiso|"
        "autorización|consentimiento)",
    ),
    copyright=(
        "derechos de autor (de|pertenec*)", "protegid[oa]s? por (los )?(derechos? de autor|copyright)",
        "(algunos )?derechos reservados",
    ),
    none=(
        "(sin|ningún|libre de|no hay) (derechos? (reservados?|de autor)|copyright)", "dominio público",
        "derechos de autor … (caducados|expirados|vencidos)",
    ),
)  # fmt: skip

PORTUGUESE = Phrases(
    "Portuguese",
    stems=("direitos", "proibid", "permiss", "autoriza"),
    reserved=(
        "todos os direitos (são |estão )?reservados", "reservados todos os direitos",
        "proibid[oa]s? (a |o |sua |qualquer )?(reprodução|cópia|distribuição|reproduzir|copiar)",
        "(reprodução|cópia) … proibid[oa]",
        "(não|nem) … (us(ar|e|em|o|ad[oa])|utiliz*|copi*|reprodu*|public*|distribu*) … sem … (permissão|"
        "autorização|consentimento)",
    ),
    copyright=(
        "direitos (autorais|de autor) (de|do|da|pertencem)",
        "protegid[oa]s? por (direitos? (autora*|de autor)|"
        "copyright)",
        "(alguns )?direitos reservados",
    ),
    none=("(sem|nenhum|livre de|livres de) (direitos? (reservados?|autora*|de autor)|copyright)", "domínio público"),
)  # fmt: skip

ITALIAN = Phrases(
    "Italian",
    stems=("diritti", "riservata", "vietat", "permesso", "autorizzazione", "consenso", "diritto d"),
    reserved=(
        "tutti i diritti (sono )?riservati", "riproduzione (è )?(severamente |assolutamente )?(vietata|riservata)",
        "vietat[oai] (la |l'|ogni |qualsiasi )?(riproduzione|copia|copiare|riprodurre|diffusione|pubblicazione)",
        "(non|senza) … (usare|usat[oaie]|uso|utilizz*|copi*|riprod*|pubblic*) … senza … (permesso|"
        "autorizzazione|consenso)",
    ),
    copyright=(
        "diritti d'autore (di|del*|appartengono)", "protett[oaie] da(l|i)? (diritt[oi] d'autore|copyright)",
        "(alcuni )?diritti riservati",
    ),
    none=(
        "(nessun|senza|privo di|libero da|liber[oa]) (diritt[oi] (riservat[oi]|d'autore)|copyright)",
        "pubblico dominio", "dominio pubblico", "diritti d'autore … scaduti",
    ),
)  # fmt: skip

DUTCH = Phrases(
    "Dutch",
    stems=("rechten", "toestemming", "verboden", "niet toegestaan", "auteursrecht"),
    reserved=(
        "alle rechten (zijn )?(voorbehouden|gereserveerd)",
        "(niet|geen) … (gebruik*|kopi*|overgenomen|overnemen|publice*|verspreid*) … zonder … toestemming",
        "zonder … toestemming … (niet|verboden) … (gebruik*|kopi*|overgenomen|publice*|verspreid*)",
        "(gebruik|overname|publicatie|reproductie) … (alleen|uitsluitend|slechts) … (met|na) … toestemming",
        "(gebruik|overname|kopiëren|verspreiding|reproductie) … (verboden|niet toegestaan)",
    ),
    copyright=("auteursrechtelijk beschermd", "auteursrecht(en)? (van|bij|berust*)", "(sommige )?rechten voorbehouden"),
    none=(
        "geen (auteursrecht*|rechten voorbehouden|copyright)", "(auteurs)?rechtenvrij", "auteursrechtvrij",
        "niet auteursrechtelijk beschermd", "(vrij van|zonder) (auteursrecht*|copyright)", "publieke? domein",
    ),
)  # fmt: skip

NORDIC = Phrases(
    "Swedish, Danish, Norwegian, Finnish, Icelandic",
    stems=(
        "rbeh", "reserver", "tillst", "tillåt", "tillat", "tillad", "samtyk", "medgivande", "ensamr", "forbud",
        "rbjud", "upphovsr", "ophavsr", "opphavsr", "oikeu", "lupa", "luvat", "ttindi",
    ),
    reserved=(
        "alla rättigheter (är )?(förbehåll*|reserver*)", "med ensamrätt",
        "alle rettigheder (er )?(forbeh*|reserver*)", "alle rettigheter (er )?(reserver*|forbeh*)",
        "kaikki oikeudet pidätet*", "öll réttindi áskilin",
        "(får|må|kan) (ej|inte|icke|ikke) … (använd*|kopier*|sprid*|publicer*|reprodu*|brug*|anvend*|gengiv*|"
        "bruk*|gjengi*) "
        "… (utan|uden|uten) … (tillstånd|tillåtelse|medgivande|tilladelse|samtykke|tillatelse)",
        "(kopiering|eftertryck*|gengivelse|publicering) … (förbjud*|forbud*)",
        "ei saa … (käyttää|kopioida|julkaista) … ilman … (lupaa|luvat*)",
        "(käyttö|kopiointi) … ilman … lupaa … kielletty",
    ),
    copyright=(
        "upphovsrättsskydd*", "upphovsrättsligt skydda*", "ophavsretligt beskyttet",
        "opphavsrettslig* (beskytt*|vern*)",
        "(beskyttet af|skyddad av|beskyttet av) (ophavsret*|upphovsrätt*|opphavsrett*)", "tekijänoikeuden suojaama",
        "(vissa rättigheter|nogle rettigheder|noen rettigheter) (förbehåll*|forbeh*|reserver*)",
    ),
    none=(
        "(ingen|inga|utan|uden|uten|fri från|fri for) (upphovsrätt*|ophavsret*|opphavsrett*|rättigheter|"
        "rettighe[dt]er|"
        "copyright)( (förbehåll*|forbeh*|reserver*))?",
        "upphovsrättsfri*", "(inte|ikke) (upphovsrätts*|ophavsret*|opphavsrett*)", "ei tekijänoikeu*",
        "tekijänoikeusvapaa",
    ),
)  # fmt: skip

SLAVIC = Phrases(
    "Polish, Czech, Slovak, Croatian, Serbian, Slovene",
    stems=(
        "prawa", "prawem autorsk", "zgod", "zabron", "zakaz", "zakáz", "práva", "prava", "autorsk", "souhlas",
        "súhlas", "svolen", "pravice",
    ),
    reserved=(
        "(wszelkie|wszystkie) prawa (są )?zastrzeżone", "(veškerá|všechna) práva (jsou )?vyhrazena",
        "všetky práva vyhradené", "sva prava (su )?(pridržana|zadržana)", "vse pravice (so )?pridržane",
        "(kopiowani*|wykorzyst*|rozpowszechn*|publikow*|publikacj*|używa*|powielan*|użyci*) … (bez|za) … zgod[yaą]",
        "(kopiowanie|wykorzystywanie|rozpowszechnianie|powielanie) … (zabronion*|zakazan*)",
        "(kopírov*|použit*|šířen*|publikov*|užit*|kopirova*) … (bez|pouze se|len so) … (souhlas*|svolení|súhlas*)",
        "(kopírování|šíření|použití) … zakázán*",
    ),
    copyright=(
        "chronion* praw(em|ami) autorski*", "prawa autorskie (należą|posiada|zastrzeżone|przysługują)",
        "chráněn[oaéý]? autorským (právem|zákonem)", "(niektóre|pewne) prawa zastrzeżone", "některá práva vyhrazena",
    ),
    none=(
        "(bez|brak|żadne|wolne od|nie) (praw* (autorski*|zastrzeżon*)|chronion* prawem autorskim)",
        "domena publiczna", "praw[oa] autorski* wygas*", "ustaw* o prawie autorskim",
        "(žádná|bez) (autorsk* )?práva?( vyhrazena)?", "volné dílo", "autorský zákon",
    ),
)  # fmt: skip

RUSSIAN = Phrases(
    "Russian, Ukrainian, Bulgarian",
    stems=("права", "прав ", "правом", "правооблад", "запрещ", "разрешен", "согласи", "дозвол"),
    reserved=(
        "все права (защищены|сохранены|зарезервированы|принадлежат)", "(всі|усі) права (захищен[оі]|застережен[оі])",
        "всички права (са )?запазени",
        "(использов*|копирова*|перепечатк*|воспроизведени*|распространени*|публикаци*) … "
        "(запрещен*|только с … (разрешени*|согласи*)|без … (разрешени*|согласи*))",
        "(запрещено|запрещается|запрещен*) … (использов*|копиров*|перепечат*|воспроизв*|распростран*)",
        "(не|нельзя) … (использ*|копир*|публик*|распростран*) … без … (разрешени*|согласи*)",
        "(використан*|копіюван*) … (без|лише з) … дозвол*",
    ),
    copyright=(
        "(охраняется|защищен*) (законом об )?авторск* прав*", "авторск* прав* (принадлеж*|на|у)", "правообладатель",
        "некоторые права защищены",
    ),
    none=(
        "(без|нет|свободн* от|никаки*) (авторск* прав*|прав* не защищен*)", "не (охраняется|защищен*) авторск* прав*",
        "общественное достояние", "авторск* прав* … (истек*|отсутств*)", "закон* об авторском праве",
    ),
)  # fmt: skip

OTHERS = Phrases(
    "Greek, Hungarian, Romanian, Turkish, Catalan",
    stems=(
        "δικα", "δεια", "απαγορε", "fenntartva", "enged", "szerz", "drepturi", "interzis", "sakl", "telif", "izinsiz",
        "drets",
    ),
    reserved=(
        "(με )?(την )?επιφύλαξη (παντός|κάθε) δικαιώματος", "όλα τα δικαιώματα (διατηρούνται|κατοχυρωμένα)",
        "απαγορεύεται … (αναπαραγωγή|αντιγραφή|αναδημοσίευση)", "(χρήση|αναπαραγωγή|αντιγραφή) … χωρίς … άδεια",
        "minden jog fenntartva", "engedély* nélkül* … tilos", "toate drepturile (sunt )?rezervate",
        "interzisă … (reproducerea|copierea|utilizarea|folosirea)", "(tüm|her|bütün) hak(ları|kı) saklıdır",
        "izinsiz … (kullanılamaz|kopyalanamaz|çoğaltılamaz|kullanmayın*)", "tots els drets reservats",
    ),
    copyright=(
        "πνευματικά δικαιώματα (του|της|ανήκουν)", "προστατεύ*ται από πνευματικά", "szerzői jog* (véd*|által)",
        "drepturi de autor (aparțin|ale)", "telif hakkı* (aittir|sahibi)", "alguns drets reservats",
    ),
    none=(
        "χωρίς πνευματικά δικαιώματα", "κοινό κτήμα", "nincs szerzői jog", "fără drepturi de autor", "telif hakkı yok*",
    ),
)  # fmt: skip

EAST_ASIAN = Phrases(
    "Japanese, Chinese, Korean",
    stems=(
        "無断", "転載", "著作権", "禁止", "許可", "許諾", "版権", "版权", "版權", "权利", "權利", "未经", "未經",
        "转载", "轉載", "请勿", "請勿", "저작권", "무단", "권리",
    ),
    reserved=(
        "無断…(転載|使用|複製|利用|転用|引用|掲載|配布|コピー|ダウンロード|二次利用)…(禁|お断り|ご遠慮|不可|NG|"
        "しないで|やめて)",
        "禁無断(転載|使用|複製|利用)",
        "(転載|複製|二次利用|二次使用|商用利用|再配布)(は|を)?(一切)?(固く)?(厳禁|禁止|禁じ|禁ず)",
        "(許可|許諾|承諾)(なく|無く|なしに|なしで|を得ず)…(転載|使用|複製|利用|転用|掲載|配布)",
        "禁(转载|轉載|複製|复制)", "AI(の)?学習…(禁|お断り|ご遠慮|不可|しないで)",
        "(保留|保有)(所有|一切)(权利|權利)", "(版权|版權)所有",
        "(未经|未經)…(授权|授權|许可|許可|允许|允許|同意)…(不得|禁止|请勿|請勿|严禁|嚴禁)…"
        "(转载|轉載|使用|复制|複製|盗用|盜用|传播|傳播|下载|下載|商用)",
        "(禁止|严禁|嚴禁|请勿|請勿)(擅自)?(转载|轉載|复制|複製|盗用|盜用)",
        "무단…(전재|복제|사용|도용|배포|게재)…(금지|금합|금함|불허)", "모든 권리…보유",
    ),
    copyright=(
        "著作権(は|者は|者[:：]|所有|[:：])", "著作権…(帰属|保護され|所有|有し|あります|にある)", "版権(所有|は)",
        "(版权|版權)(归|歸|属|屬)", "저작권(은|자|[:：])",
    ),
    none=(
        "著作権…(なし|無し|フリー|切れ|消滅|放棄|満了|ありません|ない)", "著作権(法|侵害|登録|料|保護期間)",
        "(無断)?(転載|使用|複製|利用)(は|も)?(可|自由|OK|歓迎)",
        "(禁止|禁じ)(されて)?(は)?(いない|いません|していません)", "(无|無)(版权|版權)", "(版权|版權)(过期|過期|法)",
        "저작권(이)? (없|만료|법)", "저작권법",
    ),
    spaced=False,
)  # fmt: skip

LANGUAGES = (
    ENGLISH, GERMAN, FRENCH, SPANISH, PORTUGUESE, ITALIAN, DUTCH, NORDIC, SLAVIC, RUSSIAN, OTHERS, EAST_ASIAN,
)  # fmt: skip
