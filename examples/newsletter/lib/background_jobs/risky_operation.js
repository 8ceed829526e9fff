
export default {
    async run(){
        const name = await this.database.tenant.name;

        if(name == 'Globex') throw new Error(`the books of ${name} do not balance`);

        console.log(`${name} is fine`);
    }
};
