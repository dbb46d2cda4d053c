/** Gives the colour of a variable of app.css in the present theme. */
export type Paint = (variable: string) => string;
