# F84: a request carries a tenant's id: it is ignored. The tenant is the one that the program decides on; only a proxy that the
# project names is believed.

load ../cli/server_helper

tenants() {
    project_with pinstripe.config.js "export default { multiTenant: true, server: { trustedProxies: [$1] } };" \
        lib/background_jobs/seed.js 'export default { multiTenant: false, async run(){
            for(const name of ["alpha", "beta"]) console.log((await this.database.tenants.insert({ name, host: `${name}.test` })).id); } };' \
        lib/background_jobs/whose.js 'export default { async run(){ console.log("job of", (await this.database.tenant).name); } };'
    view whose "await this.runBackgroundJob('whose'); return (await this.database.tenant).name + ' ' + this.params._headers['x-tenant-id'];"
    view free "this.params._headers['x-tenant-id'] = this.params.id; return (await this.database.tenant).name;"
    pinstripe migrate-database
    mapfile -t ids < <(pinstripe run-background-job seed)
    serve --without-bot
}

@test "F84 a header, a parameter or a body with a tenant's id decides nothing" {
    tenants ''
    for forged in 'X-Tenant-Id' 'x-tenant-id' 'X-TENANT-ID'; do
        answers /whose 200 "alpha ${ids[0]}" -H 'Host: alpha.test' -H "$forged: ${ids[1]}"
        logged 'job of alpha'
    done
    answers "/whose?tenantId=${ids[1]}&_headers[x-tenant-id]=${ids[1]}&x-tenant-id=${ids[1]}" 200 "alpha ${ids[0]}" -g -H 'Host: alpha.test'
    answers /whose 200 "alpha ${ids[0]}" -H 'Host: alpha.test' -H 'Content-Type: application/json' -d "{\"_headers\":{\"x-tenant-id\":\"${ids[1]}\"},\"tenantId\":\"${ids[1]}\"}"
    answers /whose 200 "alpha ${ids[0]}" -H 'Host: alpha.test' -H 'X-Forwarded-Host: beta.test'
    answers /whose 404 'No tenant answers to this host.' -H "X-Tenant-Id: ${ids[1]}"
    run ! grep -q 'job of beta' "$log"
}

@test "F84 a proxy that the project trusts says whom it was asked for" {
    tenants "'127.0.0.1'"
    answers /whose 200 "beta ${ids[1]}" -H "X-Tenant-Id: ${ids[1]}"
    answers /whose 200 "beta ${ids[1]}" -H 'X-Forwarded-Host: beta.test'
    answers /whose 404 'No tenant answers to this host.' -H 'X-Tenant-Id: nobody'
}
