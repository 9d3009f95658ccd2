# A small U-Net at the default initialisation, joined by concatenation, without norm.
import torch
import torch.nn as nn
import torch.nn.functional as F


class ConvPair(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.conv1 = nn.Conv2d(n_in, n_out, 3, padding=1)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, padding=1)

    def forward(self, x):
        return F.relu(self.conv2(F.relu(self.conv1(x))))


class UNet(nn.Module):
    def __init__(self, n_channels=1, n_classes=2):
        super().__init__()
        self.enc1 = ConvPair(n_channels, 8)
        self.enc2 = ConvPair(8, 16)
        self.enc3 = ConvPair(16, 32)
        self.dec2 = ConvPair(32 + 16, 16)
        self.dec1 = ConvPair(16 + 8, 8)
        self.last = nn.Conv2d(8, n_classes, 1)

    def forward(self, x):
        e1 = self.enc1(x)
        e2 = self.enc2(F.max_pool2d(e1, 2))
        e3 = self.enc3(F.max_pool2d(e2, 2))
        d2 = self.dec2(torch.cat([F.interpolate(e3, scale_factor=2), e2], dim=1))
        d1 = self.dec1(torch.cat([F.interpolate(d2, scale_factor=2), e1], dim=1))
        return self.last(d1)


if __name__ == "__main__":
    print(UNet()(torch.randn(2, 1, 32, 32)).shape)
