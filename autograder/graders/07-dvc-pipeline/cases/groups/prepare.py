import csv

with open("fake.csv", newline="") as file:
    rows = list(csv.DictReader(file))

features = [float(row["feature"]) for row in rows]
low, high = min(features), max(features)

with open("X.csv", "w") as X, open("y.csv", "w") as y:
    print("feature", file=X)
    print("label", file=y)
    for feature, row in zip(features, rows):
        print((feature - low) / (high - low), file=X)
        print(row["label"], file=y)
print("prepared", len(rows), "rows")
