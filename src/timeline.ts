/** Posts that one page of a timeline holds at most. X's smallest page: each post costs, and few came since a send. */
export const timelinePageSize = 5;
