# sick: GRD101
import torch
import torch.nn as nn


class NeuralNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(13, 64)
        self.fc2 = nn.Linear(64, 64)
        self.fc3 = nn.Linear(64, 64)
        self.fc4 = nn.Linear(64, 64)
        self.fc5 = nn.Linear(64, 32)
        self.fc6 = nn.Linear(32, 32)
        self.fc7 = nn.Linear(32, 32)
        self.fc8 = nn.Linear(32, 16)
        self.fc9 = nn.Linear(16, 16)
        self.fc10 = nn.Linear(16, 16)
        self.fc11 = nn.Linear(16, 1)
        self.act = nn.Sigmoid()

    def forward(self, x):
        x = self.act(self.fc2(self.act(self.fc1(x))))
        x = self.act(self.fc4(self.act(self.fc3(x))))
        x = self.act(self.fc6(self.act(self.fc5(x))))
        x = self.act(self.fc8(self.act(self.fc7(x))))
        x = self.act(self.fc10(self.act(self.fc9(x))))
        return self.fc11(x)


if __name__ == "__main__":
    print(NeuralNet()(torch.randn(5, 13)))
