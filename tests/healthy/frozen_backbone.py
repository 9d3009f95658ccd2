# A fixed random feature extractor and a head that is trained.
import torch
import torch.nn as nn


class RandomFeatures(nn.Module):
    def __init__(self, n_in=12, n_features=256, n_out=3):
        super().__init__()
        self.features = nn.Sequential(nn.Linear(n_in, n_features), nn.ReLU())
        self.head = nn.Linear(n_features, n_out)

    def forward(self, x):
        return self.head(self.features(x))


model = RandomFeatures()
for param in model.features.parameters():
    param.requires_grad = False
optimizer = torch.optim.Adam(model.head.parameters(), lr=1e-2)
