/* run.js - the one run that this heap is for: nothing while the project is loaded, then its root
 * context. The heap is put back after it, so there is never a second one. */
let root;

export function isRunning(){
    return root !== undefined;
}

export function beginRun(context){
    root = context;
}

export function rootOfRun(){
    return root;
}
