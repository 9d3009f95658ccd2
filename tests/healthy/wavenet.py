# WaveNet: dilated causal convolutions with tanh * sigmoid gates and summed skips.
import torch
import torch.nn as nn
import torch.nn.functional as F


class GatedResidual(nn.Module):
    def __init__(self, channels, dilation):
        super().__init__()
        self.dilation = dilation
        self.filter = nn.Conv1d(channels, channels, 2, dilation=dilation)
        self.gate = nn.Conv1d(channels, channels, 2, dilation=dilation)
        self.residual = nn.Conv1d(channels, channels, 1)
        self.skip = nn.Conv1d(channels, channels, 1)

    def forward(self, x):
        padded = F.pad(x, (self.dilation, 0))
        z = torch.tanh(self.filter(padded)) * torch.sigmoid(self.gate(padded))
        return x + self.residual(z), self.skip(z)


class WaveNet(nn.Module):
    def __init__(self, in_channels=1, channels=24, out_channels=16, n_blocks=8):
        super().__init__()
        self.start = nn.Conv1d(in_channels, channels, 1)
        self.blocks = nn.ModuleList([GatedResidual(channels, 2**i) for i in range(n_blocks)])
        self.end1 = nn.Conv1d(channels, channels, 1)
        self.end2 = nn.Conv1d(channels, out_channels, 1)

    def forward(self, x):
        x = self.start(x)
        skips = 0
        for block in self.blocks:
            x, skip = block(x)
            skips = skips + skip
        return self.end2(F.relu(self.end1(F.relu(skips))))


if __name__ == "__main__":
    print(WaveNet()(torch.randn(4, 1, 128)).shape)
