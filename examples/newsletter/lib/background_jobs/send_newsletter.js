
export default {
    meta(){
        this.schedule('0 * * * *'); // Hourly
    },

    // Enable multi-tenant execution
    multiTenant: true,

    // Optional: Filter which tenants to run for
    tenantsFilter: tenants => tenants.where({ active: true }),

    async run(){
        // This runs once per tenant when called via runBackgroundJob
        const users = await this.database.users.where({
            subscribed: true
        }).all();

        for(let user of users){
            await user.sendNewsletter();
        }
    }
};
