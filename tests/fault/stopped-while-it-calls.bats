# A run that reaches its limit while it waits for a run of its own: that one is stopped too, and the program goes on.

load ../cli/native_helper

own_setup() {
    project_with lib/background_jobs/slow.js '
        export default { async run(ms){ await new Promise(resolve => setTimeout(resolve, ms)); console.log("slow", ms); } };' \
        lib/background_jobs/in_javascript.js '
        export default { meta(){ this.timeout("200ms"); }, async run(){ await this.runBackgroundJob("slow", 60000); } };' \
        lib/background_jobs/main.js '
        export default { async run(name){
            await this.runBackgroundJob(name).catch(error => console.log(error.message));
            await this.runBackgroundJob("slow", 300);
        } };'
    c_job in_c '.meta = PIN_META(PIN_TIMEOUT("200ms")),' 'pin_run_background_job(w, "slow", "[60000]");'
}

@test "in JavaScript, and in C" {
    for name in in-javascript in-c; do
        run pinstripe run-background-job main --args "[\"$name\"]"
        [ "$status" -eq 0 ]
        [[ $output == *'time limit of 0.2 s reached'*'slow 300' ]]
    done
}

@test "an answer to a run that has ended is none to the next one in the same worker" {
    c_job first '.meta = PIN_META(PIN_TIMEOUT("200ms")),' 'pin_run_background_job(w, "slow", "[250]");'
    c_job second '' 'printf("%d\n", pin_run_background_job(w, "slow", "[600]")); puts("second");'
    project_with lib/background_jobs/both.js '
        export default { async run(){
            await this.runBackgroundJob("first").catch(error => console.log(error.name));
            await this.runBackgroundJob("second");
        } };'
    run pinstripe run-background-job both
    [ "$status" -eq 0 ]
    [ "$output" = $'TimeoutError\nslow 600\n1\nsecond' ]
}
