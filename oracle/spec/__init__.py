"""What a study is: its spec, the files it comes from, and the papers' protocols as presets."""
