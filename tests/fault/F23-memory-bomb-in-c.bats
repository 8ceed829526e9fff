# F23: a job in C gets no more memory than its limit.

load ../cli/native_helper

@test "F23 malloc gives NULL at the limit, and the next run has all of its memory" {
    c_job bomb '.meta = PIN_META(PIN_MEMORY("32MB")),' 'size_t mb = 0; for (char *p; (p = malloc(1 << 20)) != NULL; mb++) memset(p, 1, 1 << 20); printf("%d\n", mb >= 28 && mb <= 32);'
    c_job both '' 'pin_run_background_job(w, "bomb", NULL); pin_run_background_job(w, "bomb", NULL);'
    run pinstripe run-background-job both
    [ "$output" = $'1\n1' ]
}

@test "F23 one that does not look, one that maps, and one that asks the workspace" {
    c_job blind '.meta = PIN_META(PIN_MEMORY("32MB")),' 'for (;;) memset(malloc(1 << 20), 1, 1 << 20);'
    c_job maps '.meta = PIN_META(PIN_MEMORY("32MB")),' 'size_t mb = 0; while (mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED) mb++; printf("%d\n", mb <= 32);'
    c_job asks '.meta = PIN_META(PIN_MEMORY("32MB")),' 'while (pin_alloc(w, 1 << 20)) {}'
    run pinstripe run-background-job blind
    [ "$status" -eq 1 ]
    [[ $output == *'signal 11'* ]]
    run pinstripe run-background-job maps
    [ "$output" = 1 ]
    run pinstripe run-background-job asks
    [ "$status" -eq 1 ]
    [[ $output == *'no memory is left for 1048576 bytes more (limit: 32.0 MB)'* ]]
}

@test "F23 any number of new rows and of queries fits: what was saved, or read to its end, holds nothing" {
    project_with lib/migrations/1_users.js 'export default { async migrate(){ await this.database.table("users", async users => { await users.addColumn("age", "integer"); }); } };'
    pinstripe migrate-database
    c_job many '.meta = PIN_META(PIN_MEMORY("8MB")),' '
        pin_begin(w);
        for (int i = 0; i < 20000; i++) {
            pin_row *user = pin_new(w, "users");
            pin_set(user, "age", i);
            pin_save(user);
        }
        pin_commit(w);
        int found = 0;
        for (int i = 0; i < 10000; i++) {
            pin_rows *one = pin_table(w, "users");
            pin_where(one, "_id", i + 1);
            while (pin_next(one))
                found++;
        }
        printf("%d %d\n", (int)pin_count(pin_table(w, "users")), found);'
    run pinstripe run-background-job many
    [ "$output" = '20000 10000' ]
}
