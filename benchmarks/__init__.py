"""Speed of Amity beside hand-written endpoints over the same columns, on the same server, in the same run."""
