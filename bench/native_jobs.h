/* native_jobs.h - the jobs of native.c, as they are written into its projects. */
#ifndef PIN_BENCH_NATIVE_JOBS_H
#define PIN_BENCH_NATIVE_JOBS_H

static const char empty_c[] = "#include <pinstripe/job.h>\n"
                              "static void\nrun(pin_workspace *w)\n{\n    (void)w;\n}\n"
                              "PIN_BACKGROUND_JOB(.run = run)\n";

static const char bulk_js[] =
    "export default { multiTenant: false, async run(n){\n"
    "    for(let i = 0; i < n; i += 5000) await this.enqueueBackgroundJobs('empty',\n"
    "        Array.from({ length: 5000 }, (_, k) => [{ i: i + k }])); } };\n";

/* As a migration makes it, without the store of runs beside it: nothing is recorded. */
static const char fill_sql[] =
    "pragma journal_mode=wal; create table users (_id integer primary key autoincrement,"
    " id varchar not null, name varchar, email varchar, age integer, active boolean,"
    " createdAt integer); create unique index users_id on users (id); insert into users (id, name,"
    " email, age, active, createdAt)"
    " with recursive i (n) as (values (1) union all select n + 1 from i where n < 100000)"
    " select printf('%08x-0000-4000-8000-%012x', n, n), 'user ' || n, 'somebody@example.com',"
    " n % 90, n % 2, 1767225600000 + n from i";

static const char read_c[] =
    "#include <pinstripe/job.h>\n"
    "#include <stdio.h>\n"
    "static void\nrun(pin_workspace *w)\n{\n"
    "    pin_rows *users = pin_table(w, \"users\");\n"
    "    int64_t sum = 0;\n"
    "    for (pin_row *u; (u = pin_next(users)) != NULL;)\n"
    "        sum += pin_integer(u, \"_id\") + pin_text(u, \"id\")[0] +\n"
    "               pin_text(u, \"name\")[0] + pin_text(u, \"email\")[0] +\n"
    "               pin_integer(u, \"age\") + pin_integer(u, \"active\") +\n"
    "               pin_integer(u, \"createdAt\");\n"
    "    printf(\"%lld\\n\", (long long)sum);\n"
    "}\n"
    "PIN_BACKGROUND_JOB(.run = run)\n";

/* What somebody would write who does without pin_table. */
static const char step_c[] =
    "/* pinstripe-link: -lsqlite3 */\n"
    "#include <pinstripe/job.h>\n"
    "#include <sqlite3.h>\n"
    "#include <stdio.h>\n"
    "static void\nrun(pin_workspace *w)\n{\n"
    "    sqlite3_stmt *s;\n"
    "    sqlite3 *db;\n"
    "    int64_t sum = 0;\n"
    "    if (sqlite3_open_v2(\"development.db\", &db,\n"
    "                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) ||\n"
    "        sqlite3_prepare_v2(db, \"select _id, id, name, email, age, active, createdAt\"\n"
    "                           \" from users order by _id\", -1, &s, NULL)) {\n"
    "        pin_fail(w, sqlite3_errmsg(db));\n"
    "        return;\n"
    "    }\n"
    "    while (sqlite3_step(s) == SQLITE_ROW)\n"
    "        sum += sqlite3_column_int64(s, 0) + sqlite3_column_text(s, 1)[0] +\n"
    "               sqlite3_column_text(s, 2)[0] + sqlite3_column_text(s, 3)[0] +\n"
    "               sqlite3_column_int64(s, 4) + sqlite3_column_int64(s, 5) +\n"
    "               sqlite3_column_int64(s, 6);\n"
    "    sqlite3_finalize(s);\n"
    "    sqlite3_close(db);\n"
    "    printf(\"%lld\\n\", (long long)sum);\n"
    "}\n"
    "PIN_BACKGROUND_JOB(.run = run)\n";

/* A chain of blocks: each is the hash of the one before, padded to 64 bytes with zeros. */
#define ROUND_CONSTANTS                                                                            \
    "0x428a2f98,0x71374491,0xb5c0fbcf,0xe9b5dba5,0x3956c25b,0x59f111f1,0x923f82a4,0xab1c5ed5,"     \
    "0xd807aa98,0x12835b01,0x243185be,0x550c7dc3,0x72be5d74,0x80deb1fe,0x9bdc06a7,0xc19bf174,"     \
    "0xe49b69c1,0xefbe4786,0x0fc19dc6,0x240ca1cc,0x2de92c6f,0x4a7484aa,0x5cb0a9dc,0x76f988da,"     \
    "0x983e5152,0xa831c66d,0xb00327c8,0xbf597fc7,0xc6e00bf3,0xd5a79147,0x06ca6351,0x14292967,"     \
    "0x27b70a85,0x2e1b2138,0x4d2c6dfc,0x53380d13,0x650a7354,0x766a0abb,0x81c2c92e,0x92722c85,"     \
    "0xa2bfe8a1,0xa81a664b,0xc24b8b70,0xc76c51a3,0xd192e819,0xd6990624,0xf40e3585,0x106aa070,"     \
    "0x19a4c116,0x1e376c08,0x2748774c,0x34b0bcb5,0x391c0cb3,0x4ed8aa4a,0x5b9cca4f,0x682e6ff3,"     \
    "0x748f82ee,0x78a5636f,0x84c87814,0x8cc70208,0x90befffa,0xa4506ceb,0xbef9a3f7,0xc67178f2"
#define INITIAL_STATE                                                                              \
    "0x6a09e667,0xbb67ae85,0x3c6ef372,0xa54ff53a,0x510e527f,0x9b05688c,0x1f83d9ab,0x5be0cd19"

static const char hash_c[] =
    "#include <pinstripe/job.h>\n#include <stdio.h>\n"
    "static const uint32_t k[64] = {" ROUND_CONSTANTS "};\n"
    "static uint32_t turn(uint32_t x, int n){ return x >> n | x << (32 - n); }\n"
    "static void\nblock(uint32_t *s, uint32_t *m)\n{\n"
    "    uint32_t a = s[0], b = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], h = s[7];\n"
    "    for (int i = 16; i < 64; i++) {\n"
    "        uint32_t x = m[i - 15], y = m[i - 2];\n"
    "        m[i] = m[i - 16] + (turn(x, 7) ^ turn(x, 18) ^ x >> 3) + m[i - 7] +\n"
    "               (turn(y, 17) ^ turn(y, 19) ^ y >> 10);\n"
    "    }\n"
    "    for (int i = 0; i < 64; i++) {\n"
    "        uint32_t t = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) +\n"
    "                     k[i] + m[i];\n"
    "        uint32_t u = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & "
    "c));\n"
    "        h = g; g = f; f = e; e = d + t; d = c; c = b; b = a; a = t + u;\n"
    "    }\n"
    "    s[0] += a; s[1] += b; s[2] += c; s[3] += d; s[4] += e; s[5] += f; s[6] += g; s[7] += h;\n"
    "}\n"
    "static void\nrun(pin_workspace *w)\n{\n"
    "    int64_t n = pin_json_integer(w, pin_arg(w, 0), 1);\n"
    "    uint32_t s[8] = {" INITIAL_STATE "}, m[64];\n"
    "    for (int64_t i = 0; i < n; i++) {\n"
    "        for (int j = 0; j < 16; j++) m[j] = j < 8 ? s[j] : 0;\n"
    "        block(s, m);\n"
    "    }\n"
    "    printf(\"%08x%08x\\n\", s[0], s[7]);\n"
    "}\n"
    "PIN_BACKGROUND_JOB(.run = run)\n";

static const char hash_js[] =
    "const k = new Uint32Array([" ROUND_CONSTANTS "]);\n"
    "function turn(x, n){ return x >>> n | x << (32 - n); }\n"
    "function block(s, m){\n"
    "    let a = s[0], b = s[1], c = s[2], d = s[3], e = s[4], f = s[5], g = s[6], h = s[7];\n"
    "    for(let i = 16; i < 64; i++){\n"
    "        const x = m[i - 15], y = m[i - 2];\n"
    "        m[i] = m[i - 16] + (turn(x, 7) ^ turn(x, 18) ^ x >>> 3) + m[i - 7] +\n"
    "               (turn(y, 17) ^ turn(y, 19) ^ y >>> 10);\n"
    "    }\n"
    "    for(let i = 0; i < 64; i++){\n"
    "        const t = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) +\n"
    "                  k[i] + m[i] | 0;\n"
    "        const u = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c)) | "
    "0;\n"
    "        h = g; g = f; f = e; e = d + t | 0; d = c; c = b; b = a; a = t + u | 0;\n"
    "    }\n"
    "    s[0] += a; s[1] += b; s[2] += c; s[3] += d; s[4] += e; s[5] += f; s[6] += g; s[7] += h;\n"
    "}\n"
    "export default { run(n){\n"
    "    const s = new Uint32Array([" INITIAL_STATE "]), m = new Uint32Array(64);\n"
    "    for(let i = 0; i < n; i++){\n"
    "        for(let j = 0; j < 16; j++) m[j] = j < 8 ? s[j] : 0;\n"
    "        block(s, m);\n"
    "    }\n"
    "    console.log([s[0], s[7]].map(x => x.toString(16).padStart(8, '0')).join(''));\n"
    "} };\n";

#endif
