/* plurals.c - the plural and the singular of an English word, as table names need them.
 *
 * Only the last word of a text changes (usedHash, contact_person). A database made by the original
 * has tables named by its rules, so its spellings stay where a pair goes there and back (heros,
 * leafs, viri); right ones are understood on the way back (heroes -> hero). Words are looked at in
 * small letters; what the change leaves keeps its own.
 */
#include "project/names.h"

#define WORD_MAX 64 /* only the end of a longer word is looked at */

struct pair {
    const char *singular, *plural;
};

/* One word for both. Whole words. */
static const char *const unchanging[] = {
    "equipment", "information", "rice",     "money",    "species",  "series", "fish",
    "sheep",     "jeans",       "police",   "news",     "deer",     "moose",  "swine",
    "aircraft",  "offspring",   "metadata", "wildlife", "feedback", NULL,
};

/* Whole words. Where two have one plural the first is its singular. */
static const struct pair irregular[] = {
    { "man", "men" },
    { "ox", "oxen" },
    { "gas", "gases" },
    { "base", "bases" },
    { "basis", "bases" },
    { "zombie", "zombies" },
    { "atlas", "atlases" },
    { "canvas", "canvases" },
    { "bias", "biases" },
    { "goose", "geese" },
    { "louse", "lice" },
    { "datum", "data" },
    { "medium", "media" },
    { "stadium", "stadia" },
    { "bacterium", "bacteria" },
    { "stratum", "strata" },
    { "erratum", "errata" },
    { "addendum", "addenda" },
    { "millennium", "millennia" },
    { "memorandum", "memoranda" },
    { "consortium", "consortia" },
    { "criterion", "criteria" },
    { "phenomenon", "phenomena" },
    { "octopus", "octopi" },
    { "virus", "viri" },
    { "alumnus", "alumni" },
    { "cactus", "cacti" },
    { "fungus", "fungi" },
    { "nucleus", "nuclei" },
    { "radius", "radii" },
    { "stimulus", "stimuli" },
    { "syllabus", "syllabi" },
    { "axis", "axes" },
    { "praxis", "praxes" },
    { "testis", "testes" },
    { "oasis", "oases" },
    { "iris", "irises" },
    { "lens", "lenses" },
    { "buffalo", "buffaloes" },
    { "tomato", "tomatoes" },
    { "elf", "elves" },
    { "stomach", "stomachs" },
    { "epoch", "epochs" },
    { "monarch", "monarchs" },
    { "patriarch", "patriarchs" },
    { "tech", "techs" },
    { NULL, NULL },
};

/* Ends of words. The first that fits counts. */
static const struct pair endings[] = {
    { "person", "people" },   { "child", "children" },      { "mouse", "mice" },
    { "foot", "feet" },       { "tooth", "teeth" },         { "quiz", "quizzes" },
    { "matrix", "matrices" }, { "vertex", "vertices" },     { "index", "indices" },
    { "knife", "knives" },    { "wife", "wives" },          { "life", "lives" },
    { "wolf", "wolves" },     { "half", "halves" },         { "shelf", "shelves" },
    { "self", "selves" },     { "calf", "calves" },         { "scarf", "scarves" },
    { "dwarf", "dwarves" },   { "wharf", "wharves" },       { "lysis", "lyses" },
    { "thesis", "theses" },   { "genesis", "geneses" },     { "gnosis", "gnoses" },
    { "chosis", "choses" },   { "urosis", "uroses" },       { "opsis", "opses" },
    { "llipsis", "llipses" }, { "crisis", "crises" },       { "emphasis", "emphases" },
    { "nemesis", "nemeses" }, { "morphosis", "morphoses" }, { "alias", "aliases" },
    { NULL, NULL },
};

/* Plurals that a rule below would cut wrongly. Whole words; only read backwards. */
static const struct pair backward[] = {
    { "hero", "heroes" },          { "potato", "potatoes" },     { "echo", "echoes" },
    { "veto", "vetoes" },          { "cargo", "cargoes" },       { "torpedo", "torpedoes" },
    { "volcano", "volcanoes" },    { "mosquito", "mosquitoes" }, { "embargo", "embargoes" },
    { "leaf", "leaves" },          { "thief", "thieves" },       { "loaf", "loaves" },
    { "virus", "viruses" },        { "octopus", "octopuses" },   { "headache", "headaches" },
    { "ache", "aches" },           { "cache", "caches" },        { "niche", "niches" },
    { "avalanche", "avalanches" }, { "quiche", "quiches" },      { "cliche", "cliches" },
    { "moustache", "moustaches" }, { "mustache", "mustaches" },  { "psyche", "psyches" },
    { "movie", "movies" },         { "cookie", "cookies" },      { "calorie", "calories" },
    { "selfie", "selfies" },       { "hoodie", "hoodies" },      { "rookie", "rookies" },
    { "brownie", "brownies" },     { "genie", "genies" },        { "prairie", "prairies" },
    { "smoothie", "smoothies" },   { "newbie", "newbies" },      { "freebie", "freebies" },
    { "walkie", "walkies" },       { "talkie", "talkies" },      { "excuse", "excuses" },
    { "abuse", "abuses" },         { "fuse", "fuses" },          { "muse", "muses" },
    { "ruse", "ruses" },           { "recluse", "recluses" },    { "hypotenuse", "hypotenuses" },
    { "reuse", "reuses" },         { "misuse", "misuses" },      { NULL, NULL },
};

/* Not from "man"; plural by s. */
static const char *const not_man[] = {
    "human",    "german", "roman",  "norman",  "ottoman",
    "talisman", "shaman", "caiman", "brahman", NULL,
};
/* Singular, though they end in "men". */
static const char *const not_men[] = {
    "specimen", "regimen", "abdomen", "omen", "stamen", "acumen", "hymen", "ramen", "yemen", NULL,
};
/* Plural, though they end in "us". */
static const char *const not_us[] = {
    "menus", "gurus", "emus",    "gnus",     "cpus",     "gpus",     "skus",     "haikus", "tutus",
    "thous", "flus",  "bureaus", "plateaus", "tableaus", "chateaus", "submenus", NULL,
};

struct last_word {
    char text[WORD_MAX + 1]; /* small letters */
    size_t size;
};

static bool
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_capital(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* Back from the end over letters, to the capital at which the last word of a camelCase starts. */
static struct last_word
find_last_word(struct pin_bytes in)
{
    struct last_word w = { .size = 0 };
    size_t start = in.size;

    while (start > 0 && is_letter(in.data[start - 1]) && in.size - start < WORD_MAX) {
        start--;
        if (is_capital(in.data[start]) && start > 0 &&
            (!is_capital(in.data[start - 1]) ||
             (start + 1 < in.size && is_letter(in.data[start + 1]) &&
              !is_capital(in.data[start + 1]))))
            break;
    }
    for (; start < in.size; start++) {
        char c = in.data[start];

        w.text[w.size++] = is_capital(c) ? (char)(c - 'A' + 'a') : c;
    }
    return w;
}

static bool
ends_with(const struct last_word *w, const char *end)
{
    size_t n = strlen(end);

    return w->size >= n && memcmp(w->text + w->size - n, end, n) == 0;
}

static bool
is_one_of(const struct last_word *w, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(w->text, *list) == 0)
            return true;
    return false;
}

/* What to do at the end of a text: cut so many bytes, then add. */
struct change {
    size_t cut;
    const char *add;
};

static const struct change no_change = { 0, "" };

/* From one ending to another, leaving the letters they share at their start as they were written.
 */
static struct change
replace(const char *from, const char *to)
{
    size_t same = 0;

    while (from[same] && from[same] == to[same])
        same++;
    return (struct change){ strlen(from) - same, to + same };
}

static const struct pair *
find_pair(const struct pair *list, const struct last_word *w, bool by_plural, bool whole)
{
    for (; list->singular; list++) {
        const char *text = by_plural ? list->plural : list->singular;

        if (whole ? strcmp(w->text, text) == 0 : ends_with(w, text))
            return list;
    }
    return NULL;
}

/* The tables, in either direction. True when one of them knows the word. */
static bool
look_up(const struct last_word *w, bool to_singular, struct change *out)
{
    const struct pair *p;

    *out = no_change;
    if (is_one_of(w, unchanging))
        return true;
    if ((p = find_pair(irregular, w, to_singular, true)) == NULL) {
        if (find_pair(irregular, w, !to_singular, true))
            return true; /* is what was asked for already */
        if ((p = find_pair(endings, w, to_singular, false)) == NULL)
            return find_pair(endings, w, !to_singular, false) != NULL;
    }
    *out = to_singular ? replace(p->plural, p->singular) : replace(p->singular, p->plural);
    return true;
}

static bool
is_vowel(char c)
{
    return c && strchr("aeiou", c) != NULL;
}

/* The letter so many from the end, 0 when there is none. */
static char
letter(const struct last_word *w, size_t from_end)
{
    return w->size > from_end ? w->text[w->size - 1 - from_end] : '\0';
}

/* A singular that ends in a hiss and takes "es": class, bus, gas, box, hash, branch, waltz. */
static bool
takes_es(const struct last_word *w)
{
    if (ends_with(w, "us"))
        return !is_one_of(w, not_us);
    return ends_with(w, "ss") || ends_with(w, "x") || ends_with(w, "ch") || ends_with(w, "sh") ||
           ends_with(w, "z");
}

static struct change
plural_of(const struct last_word *w)
{
    struct change c;

    if (look_up(w, false, &c))
        return c;
    if (ends_with(w, "men") && !is_one_of(w, not_men))
        return no_change;
    if (ends_with(w, "man") && !is_one_of(w, not_man))
        return (struct change){ 2, "en" };
    if (takes_es(w))
        return (struct change){ 0, "es" };
    if (ends_with(w, "s"))
        return no_change;
    if (ends_with(w, "y") && w->size > 1 && (!is_vowel(letter(w, 1)) || ends_with(w, "quy")))
        return (struct change){ 1, "ies" };
    return (struct change){ 0, "s" };
}

/* Of a word that ends in "es", the tables having been asked. */
static struct change
singular_of_es(const struct last_word *w)
{
    if (ends_with(w, "sses") || ends_with(w, "xes") || ends_with(w, "shes") ||
        ends_with(w, "ches") || ends_with(w, "zzes") || ends_with(w, "tzes"))
        return (struct change){ 2, "" };
    if (ends_with(w, "uses") && w->size > 4 && !ends_with(w, "ouses") && !ends_with(w, "auses"))
        return (struct change){ 2, "" };
    if (ends_with(w, "ies") && w->size > 4)
        return (struct change){ 3, "y" };
    return (struct change){ 1, "" };
}

static struct change
singular_of(const struct last_word *w)
{
    const struct pair *p;
    struct change c;

    if (look_up(w, true, &c))
        return c;
    if ((p = find_pair(backward, w, true, true)) != NULL)
        return replace(p->plural, p->singular);
    if (ends_with(w, "men") && !is_one_of(w, not_men))
        return (struct change){ 2, "an" };
    if (w->size == 2 || !ends_with(w, "s") || takes_es(w))
        return no_change;
    return ends_with(w, "es") ? singular_of_es(w) : (struct change){ 1, "" };
}

static pin_status
apply(struct pin_bytes in, struct change c, struct pin_buf *out, struct pin_err *err)
{
    pin__buf_add(out, in.data, in.size - c.cut);
    pin__buf_adds(out, c.add);
    return pin__buf_check(out, "a name", err);
}

pin_status
pin__names_pluralize(struct pin_bytes in, struct pin_buf *out, struct pin_err *err)
{
    struct last_word w = find_last_word(in);

    return apply(in, in.size ? plural_of(&w) : no_change, out, err);
}

pin_status
pin__names_singularize(struct pin_bytes in, struct pin_buf *out, struct pin_err *err)
{
    struct last_word w = find_last_word(in);

    return apply(in, in.size > 2 ? singular_of(&w) : no_change, out, err);
}
