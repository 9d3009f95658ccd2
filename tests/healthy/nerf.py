# NeRF: eight ReLU layers of 256, the input concatenated again after the fourth.
import torch
import torch.nn as nn
import torch.nn.functional as F


class NeRF(nn.Module):
    def __init__(self, D=8, W=256, input_ch=39, output_ch=4, skips=(4,)):
        super().__init__()
        self.skips = skips
        self.pts_linears = nn.ModuleList([nn.Linear(input_ch, W)])
        for i in range(D - 1):
            self.pts_linears.append(nn.Linear(W + input_ch if i in skips else W, W))
        self.output_linear = nn.Linear(W, output_ch)

    def forward(self, x):
        h = x
        for i, layer in enumerate(self.pts_linears):
            h = F.relu(layer(h))
            if i in self.skips:
                h = torch.cat([x, h], dim=-1)
        return self.output_linear(h)
