"""The experiment marts against figures that come from elsewhere: independent libraries, and simulated truth."""
