//! The job images in the pods that GitLab's runners make.
