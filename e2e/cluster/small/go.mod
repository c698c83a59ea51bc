module sticky.test/small

go 1.25.0
