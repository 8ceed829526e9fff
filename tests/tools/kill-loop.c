/* kill-loop.c - for tests: kills the processes of a project, again and again, at every step and at
 * any moment, while they work; starts them again, and says what it did.
 *
 *   kill-loop PROGRAM PROJECT ACKS
 *
 * PROGRAM is the build with fault points. ACKS gets a line for each run that a command said was
 * queued: its key, its id. Each round starts a bot, often beside one that is there, with a fault
 * point armed in it or in a command; commands put runs in, cancel, retry and prune; a process is
 * killed at random, or asked to stop; then everything that belonged to the dead must be gone. The
 * points come in turn, at first where they are reached first, later at random. Between them are
 * rounds without a point, where more is killed at any moment, and some where a bot is stopped past
 * its leases and goes on: those bots' names go to ACKS.stopped.
 *
 * It checks that nothing is left behind (I9), that a bot that was asked to stop ends in time and
 * holds nothing (P10), and now and then, with store-check, what must hold in the store. What the
 * jobs wrote down is for the caller to compare (tests/fault/kill-loop.bats).
 *
 * PIN_TEST_KILLS: how many (300). PIN_TEST_SEED: of all chance, else from the clock. The wall clock
 * of all processes is $PIN_CLOCK, and goes on by more than a lease when nobody is left who holds
 * one. Ends with "N kills, ..."; exit code 1 when something did not hold.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    PROCESSES_MAX = 64,
    ARGS_MAX = 12,
    END_MS = 20000,  /* until then whoever was killed or asked is gone */
    GRACE_MS = 15000 /* and whoever is asked has left */
};

/* ---- what is killed where ---- */

enum where { IN_BOT, IN_COMMAND };

static const struct point {
    const char *name;
    enum where where; /* IN_BOT: in it, its nursery or its workers, whoever comes there first */
    unsigned most;    /* the how manieth time, at random up to this */
    const char *action;
    const char *command; /* words; NULL: a bot is enough */
} points[] = {
    /* S1 */
    { "store.enqueue.before", IN_COMMAND, 1, "kill", "enqueue-background-job work" },
    { "store.enqueue.mid", IN_COMMAND, 1, "kill", "enqueue-background-job work" },
    { "store.enqueue.before_commit", IN_COMMAND, 1, "kill", "enqueue-background-job gated" },
    { "store.enqueue.after_commit", IN_COMMAND, 1, "kill", "enqueue-background-job work" },
    { "store.enqueue.before", IN_COMMAND, 2, "kill", "run-background-job maker" },
    { "store.enqueue.before_commit", IN_COMMAND, 2, "kill", "run-background-job transaction" },
    { "store.enqueue.after_commit", IN_COMMAND, 2, "kill", "run-background-job transaction" },
    { "executor.enqueued", IN_COMMAND, 2, "kill", "run-background-job maker" },
    { "store.enqueue.mid", IN_BOT, 40, "kill", "enqueue-background-job maker" },
    { "executor.enqueued", IN_BOT, 3, "kill", "enqueue-background-job maker" },
    { "store.part.before_commit", IN_BOT, 100, "kill", NULL },
    { "store.part.after_commit", IN_BOT, 100, "kill", NULL },
    /* S2 */
    { "store.claim.after_select", IN_BOT, 4, "kill", NULL },
    { "store.claim.mid", IN_BOT, 8, "kill", NULL },
    { "store.claim.before_commit", IN_BOT, 4, "kill", NULL },
    { "store.claim.after_commit", IN_BOT, 4, "kill", NULL },
    { "executor.after_commit", IN_BOT, 20, "kill", NULL },
    { "executor.claimed", IN_BOT, 4, "kill", NULL },
    /* S3 */
    { "executor.assigned", IN_BOT, 20, "kill", NULL },
    { "channel.part", IN_BOT, 60, "kill", NULL },
    { "nursery.fork", IN_BOT, 2, "kill", NULL },
    { "nursery.forked", IN_BOT, 2, "kill", NULL },
    { "worker.starts", IN_BOT, 1, "kill", NULL },
    /* S4, and any moment in between */
    { "worker.before_run", IN_BOT, 10, "kill", NULL },
    /* S5 */
    { "worker.before_result", IN_BOT, 10, "kill", NULL },
    { "worker.before_result", IN_BOT, 10, "exit", NULL },
    { "worker.after_result", IN_BOT, 10, "kill", NULL },
    { "executor.outcome", IN_BOT, 10, "kill", NULL },
    { "store.end.mid", IN_BOT, 10, "kill", NULL },
    { "store.finish.before_commit", IN_BOT, 10, "kill", NULL },
    { "store.finish.after_commit", IN_BOT, 10, "kill", NULL },
    { "store.commit.before", IN_BOT, 10, "kill", NULL },
    { "store.commit.before", IN_BOT, 10, "errno=EIO", NULL },
    { "store.commit.after", IN_BOT, 10, "kill", NULL },
    { "executor.ended", IN_BOT, 10, "kill", NULL },
    { "store.again.mid", IN_BOT, 1, "kill", NULL },
    /* S6 */
    { "store.retry.mid", IN_BOT, 2, "kill", "enqueue-background-job fails" },
    { "store.requeue.mid", IN_COMMAND, 1, "kill", "retry-run --job fails" },
    { "store.requeue.before_commit", IN_COMMAND, 1, "kill", "retry-run --job fails" },
    { "store.requeue.after_commit", IN_COMMAND, 1, "kill", "retry-run --job fails" },
    /* a parent's page of children */
    { "store.fan_out.mid", IN_BOT, 1, "kill", "enqueue-background-job fan" },
    { "store.fan_out.last", IN_BOT, 1, "kill", "enqueue-background-job fan" },
    /* S7 */
    { "store.advance.before", IN_BOT, 4, "kill", NULL },
    { "bot.tick.before_runs", IN_BOT, 2, "kill", NULL },
    { "bot.tick.before_commit", IN_BOT, 2, "kill", NULL },
    /* S8 */
    { "store.rescue.mid", IN_BOT, 2, "kill", NULL },
    /* S9 */
    { "store.prune.mid", IN_COMMAND, 1, "kill", "prune-runs --job junk --all --yes" },
    { "store.cancel.after_commit", IN_COMMAND, 1, "kill", "cancel-run --job later" },
};

enum { POINTS = sizeof points / sizeof *points };

/* What else is asked of the project all the time; %: a key. */
static const char *const load[] = {
    "enqueue-background-job work",
    "enqueue-background-job gated",
    "enqueue-background-job one-by-one",
    "enqueue-background-job slow",
    "enqueue-background-job fan",
    "enqueue-background-job maker",
    "enqueue-background-job transaction",
    "enqueue-background-job fails",
    "enqueue-background-job junk",
    "enqueue-background-job later --delay 1h",
    "run-background-job maker",
    "run-background-job transaction",
    "cancel-run --job slow",
};

enum { LOADS = sizeof load / sizeof *load };

/* ---- state ---- */

struct process {
    pid_t pid;
    bool is_bot;
    bool ended, killed; /* killed: by us */
    int status;
    int out; /* a command's stdout; -1 */
    char text[256];
    size_t size;
    char key[32]; /* of what a command put in; "": none */
};

static struct {
    char program[PATH_MAX], check[PATH_MAX], project[PATH_MAX], database[PATH_MAX];
    char told[PATH_MAX], log[PATH_MAX];
    FILE *acks, *stopped;
    uint64_t chance;
    volatile int64_t *clock_us;
    struct process all[PROCESSES_MAX];
    size_t count;
    unsigned keys;
    unsigned by_signal[3]; /* bots, nurseries, workers */
    unsigned commands, asked, frozen, by_point, wanted;
    unsigned seen[POINTS]; /* rounds in which the point was hit */
    unsigned long long seed;
} loop;

static _Noreturn void __attribute__((format(printf, 1, 2))) broken(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    printf("broken: ");
    vprintf(fmt, ap);
    va_end(ap);
    printf(" (seed %llu)\n", loop.seed);
    fflush(stdout);
    for (size_t i = 0; i < loop.count; i++)
        if (!loop.all[i].ended)
            kill(loop.all[i].pid, SIGKILL);
    exit(1);
}

static int64_t
now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* xorshift64* */
static unsigned
chance(unsigned below)
{
    loop.chance ^= loop.chance >> 12;
    loop.chance ^= loop.chance << 25;
    loop.chance ^= loop.chance >> 27;
    return (unsigned)((loop.chance * UINT64_C(2685821657736338717)) >> 33) % below;
}

/* ---- processes ---- */

static void
read_words(struct process *p)
{
    ssize_t n;

    if (p->out < 0)
        return;
    while ((n = read(p->out, p->text + p->size, sizeof p->text - 1 - p->size)) > 0)
        p->size += (size_t)n;
    p->text[p->size] = '\0';
    if (n == 0 || p->size == sizeof p->text - 1) {
        close(p->out);
        p->out = -1;
    }
}

/* What a command said is true from then on. */
static void
note_ack(struct process *p)
{
    read_words(p);
    if (*p->key && WIFEXITED(p->status) && WEXITSTATUS(p->status) == 0 && p->size)
        fprintf(loop.acks, "%s %s", p->key, p->text);
    fflush(loop.acks);
}

/* Also of those whose parents we killed: they are ours then. */
static void
reap(void)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        for (size_t i = 0; i < loop.count; i++) {
            struct process *p = &loop.all[i];

            if (p->pid != pid || p->ended)
                continue;
            p->ended = true;
            p->status = status;
            if (!p->is_bot)
                note_ack(p);
        }
    for (size_t i = 0; i < loop.count; i++)
        read_words(&loop.all[i]);
}

static void
pause_ms(int64_t ms)
{
    struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

    nanosleep(&t, NULL);
    reap();
}

static void
forget_ended(void)
{
    size_t kept = 0;

    for (size_t i = 0; i < loop.count; i++) {
        if (loop.all[i].ended) {
            if (loop.all[i].out >= 0)
                close(loop.all[i].out);
            continue;
        }
        loop.all[kept++] = loop.all[i];
    }
    loop.count = kept;
}

static _Noreturn void
become(const char *words, const char *fault, int out)
{
    int log = open(loop.log, O_WRONLY | O_APPEND | O_CREAT, 0600);
    int nothing = open("/dev/null", O_RDONLY);
    char text[256], *at = text, *argv[ARGS_MAX + 2] = { loop.program };

    snprintf(text, sizeof text, "%s", words);
    for (size_t n = 1; n < ARGS_MAX && (argv[n] = strsep(&at, " ")) != NULL; n++)
        continue;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(nothing, 0);
    dup2(out < 0 ? log : out, 1);
    dup2(log, 2);
    closefrom(3);
    if (fault)
        setenv("PIN_FAULT", fault, 1);
    if (chdir(loop.project) == 0)
        execv(loop.program, argv);
    _exit(127);
}

/* Words with blanks between. */
static struct process *
start(const char *words, const char *fault, bool is_bot)
{
    struct process *p = &loop.all[loop.count];
    int fds[2] = { -1, -1 };

    if (loop.count == PROCESSES_MAX)
        broken("more than %d processes at once", PROCESSES_MAX);
    if (!is_bot && pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0)
        broken("no pipe: %s", strerror(errno));
    *p = (struct process){ .is_bot = is_bot, .out = fds[0] };
    p->pid = fork();
    if (p->pid == 0)
        become(words, fault, fds[1]);
    if (p->pid < 0)
        broken("no fork: %s", strerror(errno));
    if (fds[1] >= 0)
        close(fds[1]);
    loop.count++;
    return p;
}

static struct process *
start_bot(const char *fault)
{
    return start("start-bot --no-watch --workers 2 --log-format text", fault, true);
}

/* Runs that are put in get a number as argument, and a key: who was killed asks again with it. */
static struct process *
start_command(const char *words, const char *fault)
{
    struct process *p;
    char text[128], key[sizeof loop.all->key] = "";

    if (strncmp(words, "enqueue", 7) == 0) {
        snprintf(key, sizeof key, "k%u", loop.keys++);
        snprintf(text, sizeof text, "%s --key %s --args [%u]", words, key, chance(1000));
        words = text;
    }
    p = start(words, fault, false);
    memcpy(p->key, key, sizeof key);
    if (fault && *key)
        memcpy(start(words, NULL, false)->key, key, sizeof key);
    return p;
}

/* ---- the processes of the project, as the system shows them ---- */

static size_t
children_of(pid_t pid, pid_t *out, size_t room)
{
    char path[64];
    size_t n = 0;
    FILE *f;
    int child;

    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
    if (!(f = fopen(path, "r")))
        return 0;
    while (n < room && fscanf(f, "%d", &child) == 1)
        out[n++] = child;
    fclose(f);
    return n;
}

static bool
is_below(pid_t pid, pid_t top)
{
    char path[64], text[512], *after;
    FILE *f;
    int parent = 0;

    while (pid > 1 && pid != top) {
        snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
        if (!(f = fopen(path, "r")))
            return false;
        text[fread(text, 1, sizeof text - 1, f)] = '\0';
        fclose(f);
        after = strrchr(text, ')');
        if (!after || sscanf(after, ") %*c %d", &parent) != 1)
            return false;
        pid = parent;
    }
    return pid == top;
}

/* Whoever began here, whoever's child it is by now, and belongs to nobody that we know to live; 0:
 * nobody. */
static pid_t
left_over(void)
{
    DIR *dir = opendir("/proc");
    struct dirent *e;
    pid_t found = 0;

    while (dir && !found && (e = readdir(dir)) != NULL) {
        pid_t pid = (pid_t)strtol(e->d_name, NULL, 10);
        bool known = false;

        if (pid <= 0 || pid == getpid() || !is_below(pid, getpid()))
            continue;
        for (size_t i = 0; i < loop.count && !known; i++)
            known = !loop.all[i].ended && is_below(pid, loop.all[i].pid);
        if (!known)
            found = pid;
    }
    closedir(dir);
    return found;
}

/* What the system says of it, for the person who has to find out. */
static const char *
about(pid_t pid)
{
    static char text[512];
    char path[64];
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    if ((f = fopen(path, "r")) != NULL) {
        text[fread(text, 1, sizeof text - 1, f)] = '\0';
        fclose(f);
    }
    text[strcspn(text, "\n")] = '\0';
    return text;
}

static void
wait_until_gone(void)
{
    int64_t end = now_ms() + END_MS;
    pid_t pid;

    reap();
    while ((pid = left_over()) != 0) {
        if (now_ms() > end)
            broken("I9: a process was left behind: %s", about(pid));
        pause_ms(1);
    }
}

static void
wait_for_end(struct process *p, int64_t ms, const char *what)
{
    int64_t end = now_ms() + ms;

    reap();
    while (!p->ended) {
        if (now_ms() > end)
            broken("%s %d does not end", what, (int)p->pid);
        pause_ms(1);
    }
}

/* ---- killing ---- */

static bool
kill_now(struct process *p)
{
    reap();
    if (p->ended || kill(p->pid, SIGKILL) != 0)
        return false;
    p->killed = true;
    return true;
}

static void
kill_bot(struct process *p)
{
    loop.by_signal[0] += kill_now(p);
}

static void
kill_a_command(void)
{
    struct process *p = start_command(load[chance(LOADS)], NULL);

    pause_ms(1 + chance(20));
    loop.commands += kill_now(p);
}

/* One of the bot's processes, or a command. */
static void
kill_somebody(struct process *bot)
{
    pid_t nursery, workers[64];
    size_t n;

    switch (chance(4)) {
    case 0:
        kill_bot(bot);
        return;
    case 1:
        kill_a_command();
        return;
    default:
        break;
    }
    if (bot->ended || !children_of(bot->pid, &nursery, 1))
        return;
    n = children_of(nursery, workers, 64);
    if (n && chance(3))
        loop.by_signal[2] += kill(workers[chance((unsigned)n)], SIGKILL) == 0;
    else
        loop.by_signal[1] += kill(nursery, SIGKILL) == 0;
}

/* ---- questions to the store ---- */

static int
run_check(const char *what, const char *text)
{
    pid_t pid = fork();
    int status = 0;

    if (pid == 0) {
        execl(loop.check, loop.check, loop.database, what, text, (char *)NULL);
        _exit(127);
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
check_store(void)
{
    fflush(stdout);
    if (run_check(NULL, NULL) != 0)
        broken("what store-check says");
}

/* P10: whoever was asked to stop holds nothing any more. */
static void
check_left(const struct process *p)
{
    char sql[160];

    if (!WIFEXITED(p->status) || WEXITSTATUS(p->status) != 0)
        return; /* a fault met it on its way */
    snprintf(sql, sizeof sql,
             "select count(*) = 0 from live where state = 2 and worker like '%%:%d'", (int)p->pid);
    if (run_check("true", sql) != 0)
        broken("P10: bot %d was asked to stop and left with runs in its hands", (int)p->pid);
}

static void
ask_to_stop(struct process *p)
{
    reap();
    if (p->ended)
        return;
    kill(p->pid, SIGTERM);
    if (chance(2)) {
        pause_ms(chance(10));
        kill(p->pid, SIGTERM);
    }
    loop.asked++;
    wait_for_end(p, GRACE_MS, "P10: a bot that was asked to stop");
    check_left(p);
}

/* ---- rounds ---- */

static unsigned
count_told(void)
{
    unsigned n = 0;
    FILE *f = fopen(loop.told, "r");
    int c;

    while (f && (c = getc(f)) != EOF)
        n += c == '\n';
    if (f)
        fclose(f);
    return n;
}

static unsigned
kills(void)
{
    return loop.by_point + loop.by_signal[0] + loop.by_signal[1] + loop.by_signal[2] +
           loop.commands;
}

static struct process *
living_bot(void)
{
    reap();
    for (size_t i = 0; i < loop.count; i++)
        if (loop.all[i].is_bot && !loop.all[i].ended)
            return &loop.all[i];
    return NULL;
}

static void
wait_for_commands(void)
{
    for (size_t i = 0; i < loop.count; i++)
        if (!loop.all[i].is_bot)
            wait_for_end(&loop.all[i], END_MS, "a command");
}

static void
move_clock(int64_t seconds)
{
    *loop.clock_us += seconds * 1000000;
}

/* Until the bot has ended, a point was reached, or time is up. */
static void
let_work(struct process *bot, unsigned told, int64_t ms)
{
    int64_t end = now_ms() + ms;

    while (!bot->ended && now_ms() < end) {
        pause_ms(2);
        if (count_told() > told && end > now_ms() + 30)
            end = now_ms() + 30; /* what comes of it */
    }
}

static void
end_of_bot(struct process *p, unsigned ask_of_10, unsigned keep_of_10)
{
    unsigned n = chance(10);

    if (n < ask_of_10)
        ask_to_stop(p);
    else if (n >= ask_of_10 + keep_of_10)
        kill_bot(p);
}

static void
start_load(void)
{
    for (unsigned i = 0, n = 1 + chance(3); i < n; i++)
        start_command(load[chance(LOADS)], NULL);
}

static void
end_round(struct process *old, struct process *bot)
{
    if (old)
        end_of_bot(old, 2, 4);
    end_of_bot(bot, 2, old && !old->ended ? 0 : 1);
    reap();
    wait_for_commands();
    wait_until_gone();
    forget_ended();
    if (!living_bot()) /* nobody's lease is anybody's who lives */
        move_clock(31 + chance(5));
}

static void
play_point(size_t at, unsigned visit)
{
    const struct point *point = &points[at];
    unsigned told = count_told(), nth = visit == 0 ? 1 : 1 + chance(point->most);
    struct process *old = living_bot(), *bot;
    char fault[96];

    snprintf(fault, sizeof fault, "%s:%u:%s", point->name, nth, point->action);
    bot = start_bot(point->where == IN_BOT ? fault : NULL);
    if (point->command)
        start_command(point->command, point->where == IN_COMMAND ? fault : NULL);
    start_load();
    let_work(bot, told, 150 + chance(250));
    end_round(old, bot);
    loop.seen[at] += count_told() > told;
    loop.by_point += count_told() - told;
}

static void
play_any_moment(void)
{
    struct process *old = living_bot(), *bot = start_bot(NULL);

    start_load();
    for (unsigned i = 0, n = 2 + chance(4); i < n; i++) {
        let_work(bot, count_told(), 10 + chance(60));
        kill_somebody(old && chance(3) == 0 ? old : bot);
    }
    end_round(old, bot);
}

/* It is stopped, its leases lapse, another has its runs, and it goes on. */
static void
play_stop(void)
{
    struct process *old = start_bot(NULL), *bot;

    start_load();
    let_work(old, count_told(), 50 + chance(100));
    fprintf(loop.stopped, "%d\n", (int)old->pid);
    fflush(loop.stopped);
    loop.frozen += kill(old->pid, SIGSTOP) == 0;
    bot = start_bot(NULL);
    let_work(bot, count_told(), 50);
    move_clock(31);
    let_work(bot, count_told(), 100 + chance(100));
    kill(old->pid, SIGCONT);
    let_work(bot, count_told(), 20 + chance(50));
    end_round(old, bot);
}

static void
play(unsigned round)
{
    play_point(round % POINTS, round / POINTS);
    if (round % 2)
        play_any_moment();
    if (round % 8 == 7)
        play_stop();
    if (round % 16 == 15)
        check_store();
}

/* Those that take more luck than others, until they have been reached. */
static void
play_missed(void)
{
    for (unsigned tries = 0; tries < 5; tries++)
        for (size_t i = 0; i < POINTS; i++)
            if (!loop.seen[i])
                play_point(i, 0);
}

static void
last_words(int64_t began_ms)
{
    for (size_t i = 0; i < POINTS; i++)
        if (!loop.seen[i])
            broken("nobody came to %s:%s", points[i].name, points[i].action);
    printf("%u kills in %lld s: %u at %d points, %u bots, %u nurseries, %u workers and %u commands"
           " at any moment; %u bots asked to stop, %u stopped past their leases; seed %llu\n",
           kills(), (long long)(now_ms() - began_ms) / 1000, loop.by_point, (int)POINTS,
           loop.by_signal[0], loop.by_signal[1], loop.by_signal[2], loop.commands, loop.asked,
           loop.frozen, loop.seed);
}

/* ---- the whole ---- */

static unsigned long long
number_in(const char *name, unsigned long long usual)
{
    const char *text = getenv(name);

    return text && *text ? strtoull(text, NULL, 10) : usual;
}

static void
take_places(char **argv)
{
    const char *clock = getenv("PIN_CLOCK");
    char *slash, stopped[PATH_MAX];
    int fd;

    snprintf(loop.program, sizeof loop.program, "%s", argv[1]);
    snprintf(loop.project, sizeof loop.project, "%s", argv[2]);
    snprintf(loop.database, sizeof loop.database, "%.4000s/development.db", argv[2]);
    snprintf(loop.log, sizeof loop.log, "%.4000s.log", argv[2]);
    snprintf(loop.told, sizeof loop.told, "%.4000s.told", argv[2]);
    snprintf(loop.check, sizeof loop.check, "%s", argv[0]);
    slash = strrchr(loop.check, '/');
    snprintf(slash ? slash + 1 : loop.check, 32, "store-check");
    setenv("PIN_FAULT_TOLD", loop.told, 1);
    snprintf(stopped, sizeof stopped, "%.4000s.stopped", argv[3]);
    if (!(loop.acks = fopen(argv[3], "a")) || !(loop.stopped = fopen(stopped, "a")))
        broken("cannot write %s", argv[3]);
    fd = clock ? open(clock, O_RDWR | O_CLOEXEC) : -1;
    loop.clock_us = fd < 0 ? MAP_FAILED : mmap(NULL, 8, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (loop.clock_us == MAP_FAILED)
        broken("PIN_CLOCK names no file of eight bytes");
}

int
main(int argc, char **argv)
{
    int64_t began_ms = now_ms();
    struct process *p;

    if (argc != 4) {
        fprintf(stderr, "usage: kill-loop PROGRAM PROJECT ACKS\n");
        return 2;
    }
    take_places(argv);
    loop.wanted = (unsigned)number_in("PIN_TEST_KILLS", 300);
    loop.seed = number_in("PIN_TEST_SEED", (unsigned long long)time(NULL) * 1000 +
                                               (unsigned long long)getpid() % 1000);
    loop.chance = loop.seed * 2 + 1;
    printf("seed %llu\n", loop.seed);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    for (unsigned round = 0; kills() < loop.wanted || round < POINTS; round++)
        play(round);
    play_missed();
    while ((p = living_bot()) != NULL)
        kill_bot(p), wait_for_end(p, END_MS, "a killed bot");
    wait_until_gone();
    check_store();
    last_words(began_ms);
    return 0;
}
