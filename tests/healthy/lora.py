# LoRA: frozen linear layers and a low-rank update whose second matrix starts at zero.
import math

import torch
import torch.nn as nn


class LoRALinear(nn.Module):
    def __init__(self, n_in, n_out, rank=4, alpha=8):
        super().__init__()
        self.base = nn.Linear(n_in, n_out)
        self.base.weight.requires_grad = False
        self.base.bias.requires_grad = False
        self.lora_A = nn.Parameter(torch.empty(rank, n_in))
        self.lora_B = nn.Parameter(torch.zeros(n_out, rank))
        self.scaling = alpha / rank
        nn.init.kaiming_uniform_(self.lora_A, a=math.sqrt(5))

    def forward(self, x):
        return self.base(x) + self.scaling * (x @ self.lora_A.T @ self.lora_B.T)


class LoRANet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = LoRALinear(32, 64)
        self.fc2 = LoRALinear(64, 64)
        self.fc3 = LoRALinear(64, 8)

    def forward(self, x):
        x = torch.relu(self.fc1(x))
        x = torch.relu(self.fc2(x))
        return self.fc3(x)


if __name__ == "__main__":
    print(LoRANet()(torch.randn(4, 32)).shape)
