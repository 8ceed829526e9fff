
export default {
    meta(){
        this.belongsTo('user');
    },

    async send(){
        console.log(`"${this.message}" to ${await this.user.email}`);
    }
};
