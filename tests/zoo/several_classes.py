# sick: GRD101
import torch
import torch.nn as nn
import torch.nn.functional as F


class Encoder(nn.Module):
    def __init__(self, in_dim, z_dim):
        super().__init__()
        self.fc1 = nn.Linear(in_dim, 128)
        self.fc2 = nn.Linear(128, 96)
        self.fc3 = nn.Linear(96, 64)
        self.fc4 = nn.Linear(64, 48)
        self.fc5 = nn.Linear(48, z_dim)

    def forward(self, x):
        for fc in (self.fc1, self.fc2, self.fc3, self.fc4):
            x = F.sigmoid(fc(x))
        return F.sigmoid(self.fc5(x))


class Decoder(nn.Module):
    def __init__(self, z_dim, out_dim):
        super().__init__()
        self.fc1 = nn.Linear(z_dim, 48)
        self.fc2 = nn.Linear(48, 64)
        self.fc3 = nn.Linear(64, 96)
        self.fc4 = nn.Linear(96, 128)
        self.fc5 = nn.Linear(128, out_dim)

    def forward(self, z):
        for fc in (self.fc1, self.fc2, self.fc3, self.fc4):
            z = F.sigmoid(fc(z))
        return self.fc5(z)


class AutoEncoder(nn.Module):
    def __init__(self, in_dim: int, z_dim: int):
        super().__init__()
        self.encoder = Encoder(in_dim, z_dim)
        self.decoder = Decoder(z_dim, in_dim)

    def forward(self, x):
        return self.decoder(self.encoder(x))


class SmallNet(nn.Module):
    """A shallow network in the same file, which is well."""

    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(256, 64)
        self.fc2 = nn.Linear(64, 10)

    def forward(self, x):
        return self.fc2(torch.relu(self.fc1(x)))


autoencoder = AutoEncoder(in_dim=256, z_dim=24)
classifier = SmallNet()
