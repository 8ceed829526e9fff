/* run.js - the one run that this heap is for: nothing while the project is loaded, then its root
 * context. The heap is put back after it, so there is never a second one. */
let current;

export function running(){
    return current !== undefined;
}

export function beginRun(root){
    current = { root, failed: false };
    return current;
}

export function currentRun(){
    return current;
}
