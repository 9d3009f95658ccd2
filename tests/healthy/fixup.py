# Fixup: residual branches without norm, scaled by depth, their last layer at zero.
import torch
import torch.nn as nn
import torch.nn.functional as F


class FixupBlock(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.bias1a = nn.Parameter(torch.zeros(1))
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bias1b = nn.Parameter(torch.zeros(1))
        self.bias2a = nn.Parameter(torch.zeros(1))
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.scale = nn.Parameter(torch.ones(1))
        self.bias2b = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        out = F.relu(self.conv1(x + self.bias1a) + self.bias1b)
        out = self.conv2(out + self.bias2a) * self.scale + self.bias2b
        return F.relu(out + x)


class FixupNet(nn.Module):
    def __init__(self, depth=10, channels=16, num_classes=10):
        super().__init__()
        self.stem = nn.Conv2d(3, channels, 3, stride=2, padding=1, bias=False)
        self.blocks = nn.Sequential(*[FixupBlock(channels) for _ in range(depth)])
        self.fc = nn.Linear(channels, num_classes)
        nn.init.kaiming_normal_(self.stem.weight)
        for block in self.blocks:
            nn.init.kaiming_normal_(block.conv1.weight)
            block.conv1.weight.data.mul_(depth**-0.5)
            nn.init.zeros_(block.conv2.weight)
        nn.init.zeros_(self.fc.weight)
        nn.init.zeros_(self.fc.bias)

    def forward(self, x):
        x = self.blocks(F.relu(self.stem(x)))
        return self.fc(x.mean(dim=(2, 3)))


if __name__ == "__main__":
    print(FixupNet()(torch.randn(4, 3, 32, 32)).shape)
