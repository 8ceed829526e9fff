# F16: a job in C that ends its process has failed, whatever its status says.

load ../cli/native_helper

ends() {
    c_job ends '' "$1"
    run pinstripe run-background-job ends
    [ "$status" -eq 1 ]
    [[ $output == *"$2"* ]]
}

@test "F16 exit(0)" { ends 'exit(0);' 'the job ended the process with status 0: run() has to return'; }
@test "F16 _exit(0)" { ends '_exit(0);' 'the job ended the process with status 0: run() has to return'; }
@test "F16 exit(3)" { ends 'exit(3);' 'the job ended the process with status 3'; }
@test "F16 abort" { ends 'abort();' 'the job was ended by signal 6 (Aborted)'; }
