
export default {
    meta(){
        this.hasMany('notifications');
        this.mustNotBeBlank('email');
    },

    async sendNewsletter(){
        console.log(`newsletter to ${this.name} <${this.email}>`);
    }
};
