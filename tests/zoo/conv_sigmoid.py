# sick: GRD101
import torch
import torch.nn as nn


class SigmoidCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.ModuleList([nn.Conv2d(1, 8, 3, padding=1)])
        for _ in range(9):
            self.conv.append(nn.Conv2d(8, 8, 3, padding=1))
        self.pool = nn.MaxPool2d(2, 2)
        self.fc1 = nn.Linear(8 * 7 * 7, 64)
        self.fc2 = nn.Linear(64, 10)

    def forward(self, x):
        for i, conv in enumerate(self.conv):
            x = torch.sigmoid(conv(x))
            if i in (4, 9):
                x = self.pool(x)
        x = torch.sigmoid(self.fc1(x.flatten(1)))
        return self.fc2(x)


if __name__ == "__main__":
    batch = torch.randn(4, 1, 28, 28)
    print(SigmoidCNN()(batch).shape)
