"""What a study is: its spec, the files that specs come from, and the papers' protocols as presets."""
