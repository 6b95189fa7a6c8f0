/** Whose SQL a text is. The two servers differ in which executable comments they run. */
export type Dialect = "mysql" | "mariadb";
