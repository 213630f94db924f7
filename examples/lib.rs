//! Programs to copy: the folder has one file, or one folder, for each.
