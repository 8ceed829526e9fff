
export default {
    meta(){
        this.schedule('30 3 * * *'); // every night
    },

    // Runs once, and sees the rows of all tenants.
    multiTenant: false,

    async run(){
        const sent = this.database.notifications.where({ sent: true });

        const count = await sent.count();
        await sent.delete();

        console.log(`Maintenance job executed: ${count} sent notifications removed`);
    }
};
