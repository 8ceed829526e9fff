# The log of a store is moved into its file by a process of its own. It may be killed: then the executor does it.

load bot_helper

# Records of as many pages as fill the log, and some more.
much_is_called() {
    job big '' ''
    job calls '' "
        const text = 'x'.repeat(8000);
        for(let i = 0; i < 60; i++) await Promise.all(Array.from({ length: 20 }, () => this.runBackgroundJob('big', text)));"
    export PIN_FAULT_TOLD=$TEST_FOLDER/told
    faulty run-background-job calls
}

all_is_kept() {
    same "$(rows "select count(*) from ended where job = 'big' and state = 5")" 1200
    all_holds
}

@test "the log is moved by a process of its own, and the executor has nothing left to do" {
    queue_project
    FAULT=ledger.tidies_itself:1:kill much_is_called
    [ ! -e "$PIN_FAULT_TOLD" ]
    all_is_kept
}

@test "a process that moves the log is killed: it is moved all the same, and nothing is lost" {
    queue_project
    FAULT=store.tidies:1:kill much_is_called
    same "$(sort -u "$PIN_FAULT_TOLD")" store.tidies
    all_is_kept
}
