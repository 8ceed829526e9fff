
// A migration sees the rows of all tenants, so it says whose row each one is.
const people = {
    Acme: ['Ann', 'Abe', 'Ada', 'Alf'],
    Globex: ['Gus', 'Gia', 'Gil'],
    Initech: ['Ira', 'Ivy'],
    Umbrella: ['Uma', 'Udo']
};

export default {
    async migrate(){
        for(const [name, users] of Object.entries(people)){
            const host = `${name.toLowerCase()}.example.com`;
            const { id: tenantId } = await this.database.tenants.insert({ name, host, active: name != 'Initech' });

            for(const [i, name] of users.entries()){
                const email = `${name.toLowerCase()}@${host}`;
                const { id: userId } = await this.database.users.insert({ tenantId, name, email, subscribed: i != 1 });

                await this.database.notifications.insert([1, 2, 3].map(n => (
                    { tenantId, userId, message: `Message ${n} for ${name}`, sent: false }
                )));
            }
        }
    }
};
